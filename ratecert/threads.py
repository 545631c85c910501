"""One thread for linear algebra, where numbers have to be the same on every machine."""

from __future__ import annotations

import os

__all__ = ["use_one_thread"]

_NAMES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def use_one_thread() -> None:
    """Have sums taken in one order, whatever the machine; heard only before NumPy is loaded.

    It is faster, too, where other work is running: the products here are small, and threads that
    wait for each other on a busy machine took a hundred times as long.
    """
    for name in _NAMES:
        os.environ.setdefault(name, "1")
