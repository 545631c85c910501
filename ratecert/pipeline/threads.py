"""One thread for linear algebra, before NumPy is loaded.

The matrices here are small: threads of BLAS gain nothing and wait for each other, which on a busy
machine costs a factor of a hundred; with worker processes there are as many threads too many, and
sums may be added up in another order from run to run.
"""

from __future__ import annotations

import os

__all__ = ["use_one_thread"]

_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def use_one_thread() -> None:
    """Ask for one thread, here and in processes started later; what the user has set stays."""
    for name in _VARIABLES:
        os.environ.setdefault(name, "1")
