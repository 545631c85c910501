"""Problems and methods as numbers."""
