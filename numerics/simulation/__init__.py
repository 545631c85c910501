"""SGD run on drawn samples, and tests of what comes out."""
