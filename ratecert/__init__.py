"""ratecert: a verifier for rates claimed by scaling-law theory.

The names below are the whole public Python interface.  Each is loaded when it is first asked
for, so that ``import ratecert`` costs nothing and the command line starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proofs_check.claimfile import make_claim as claim
    from ratecert.files import load

__version__ = "0.1.0"

_HOMES = {
    "claim": ("proofs_check.claimfile", "make_claim"),
    "load": ("ratecert.files", "load"),
}
"""The module of each public name, and its name there."""

__all__ = ["__version__", "claim", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ratecert' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__
