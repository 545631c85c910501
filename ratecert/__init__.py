"""ratecert: a verifier for rates claimed by scaling-law theory.

The names below are the whole public Python interface.  Each is loaded when it is first asked
for, so that ``import ratecert`` costs nothing and the command line starts at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ratecert.version import __version__

if TYPE_CHECKING:
    from ratecert.commands.sum import enclose
    from ratecert.io.claim_files import load
    from ratecert.numerics.risk.expected import expected_risk
    from ratecert.numerics.simulation.simulated import simulated_risk as simulate
    from ratecert.orders.order import order
    from ratecert.pipeline.certify import certify
    from ratecert.proofs_check.files.read import make_claim as claim
    from ratecert.show.rates_table import rates_table

_HOMES = {
    "certify": ("ratecert.pipeline.certify", "certify"),
    "claim": ("ratecert.proofs_check.files.read", "make_claim"),
    "enclose": ("ratecert.commands.sum", "enclose"),
    "expected_risk": ("ratecert.numerics.risk.expected", "expected_risk"),
    "load": ("ratecert.io.claim_files", "load"),
    "order": ("ratecert.orders.order", "order"),
    "rates_table": ("ratecert.show.rates_table", "rates_table"),
    "simulate": ("ratecert.numerics.simulation.simulated", "simulated_risk"),
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
    import_module("ratecert.show.notebook").register()
