"""ratecert: a verifier for rates claimed by scaling-law theory.

The names below are the whole public Python interface.  Each is loaded when it is first asked
for, so that ``import ratecert`` costs nothing and the command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ratecert.files import load

__version__ = "0.1.0"

_HOMES = {"load": "ratecert.files"}
"""Where each public name lives."""

__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ratecert' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
