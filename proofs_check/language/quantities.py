"""The names with a meaning of their own, and what of a setting each depends on."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CONSTANTS", "QUANTITIES", "settings_of"]

QUANTITIES = frozenset(
    {
        "risk",
        "irreducible",
        "approx",
        "excess",
        "bias",
        "variance",
        "mean_bias",
        "effective_dimension",
    }
)
"""Quantities that are names; ``eigenvalue(j)`` is one that is a call."""


CONSTANTS = frozenset({"gamma", "sigma"})
"""The step size and the noise level."""


_ALL_SETTINGS = frozenset({"spectrum", "target", "batch", "outputs", "noise"})


_USED_SETTINGS: Mapping[str, frozenset[str]] = {
    "irreducible": frozenset({"outputs", "noise"}),
    "approx": frozenset({"spectrum", "target", "outputs"}),
    "eigenvalue": frozenset({"spectrum"}),
    "effective_dimension": frozenset({"spectrum"}),
}
"""The settings with free names that a quantity depends on, where these are not all."""


def settings_of(quantity: str) -> frozenset[str]:
    """Return the settings with free names that a quantity depends on."""
    return _USED_SETTINGS.get(quantity, _ALL_SETTINGS)
