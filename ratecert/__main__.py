"""``python -m ratecert``."""

import sys

from ratecert.cli import main

if __name__ == "__main__":
    sys.exit(main())
