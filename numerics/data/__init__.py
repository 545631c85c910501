"""A user's own data: measured spectra and kernel features."""
