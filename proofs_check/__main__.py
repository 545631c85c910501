"""``python -m ratecert.proofs_check FILE...``; in a checkout, ``python -m proofs_check`` too."""

import sys

from ratecert.proofs_check.recheck import main

if __name__ == "__main__":
    sys.exit(main())
