"""The version, in a file of its own: what prints it need not import the package's interface."""

__version__ = "0.1.0"
