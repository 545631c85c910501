"""ratecert: a verifier for rates claimed by scaling-law theory.

The names below are the whole public Python interface.  Each is loaded when it is first asked
for, so that ``import ratecert`` costs nothing and the command line starts at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numerics.expected import expected_risk
    from numerics.simulated import simulated_risk as simulate
    from proofs_check.claimfile import make_claim as claim
    from ratecert.commands.sum import enclose
    from ratecert.files import load
    from ratecert.pipeline import certify
    from ratecert.rate import order
    from ratecert.rates_table import rates_table

__version__ = "0.1.0"

_HOMES = {
    "certify": ("ratecert.pipeline", "certify"),
    "claim": ("proofs_check.claimfile", "make_claim"),
    "enclose": ("ratecert.commands.sum", "enclose"),
    "expected_risk": ("numerics.expected", "expected_risk"),
    "load": ("ratecert.files", "load"),
    "order": ("ratecert.rate", "order"),
    "rates_table": ("ratecert.rates_table", "rates_table"),
    "simulate": ("numerics.simulated", "simulated_risk"),
}
"""The module of each public name, and its name there."""

__all__ = ["__version__", "certify", "claim", "enclose", "expected_risk", "load", "order",
           "rates_table", "simulate"]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ratecert' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return __all__


if "IPython" in sys.modules:
    import_module("ratecert.notebook").register()
