"""Grids of points, computed by many processes and kept in a store."""
