"""The sharp constants that are known for a claim, beside the exact risk at large sizes.

`ratecert.theory.expansions.asymptotics` states the forms; whoever reads them wants to see them
hold.  So each is divided into the exact value of its quantity (`ratecert.numerics.risk.expected`)
at one place far out in its regime, for parameters that the claim allows.  The ratio tends to 1, as
fast as the later terms let it (of the bias a share of order ``(M/n^(1/a))^(1-b)`` is in modes
beyond the model): no verdict rests on it, and nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import log2, log10

from ratecert.numerics.legs.places import is_moderate
from ratecert.numerics.risk.expected import ExpectedRisk, expected_risk
from ratecert.proofs_check.language.claim import Claim
from ratecert.theory.expansions import asymptotics
from ratecert.theory.expansions.asymptotics import Asymptotic, forms_of
from ratecert.theory.witnesses.samples import sample_values

__all__ = ["Seen", "Sharp", "sharp_constants"]

POINTS = 2
STEPS, STEP, BEYOND = 12, -4, 6
"""One place, in powers of ten: steps, their size, the model over the modes that they reach."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The exact value at one place and its ratio to the form."""

    values: Mapping[str, Fraction]
    sizes: Mapping[str, str]
    exact: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Sharp:
    """The form of a part of a claim's left side, with what was seen of it."""

    part: str
    asymptotic: Asymptotic
    seen: tuple[Seen, ...]


def sharp_constants(claim: Claim) -> tuple[Sharp, ...]:
    """Return the known forms of the parts of a claim's left side; empty where there are none."""
    known = forms_of(claim)
    if not known:
        return ()
    points = [values for values in sample_values(claim, POINTS) if is_moderate(values)]
    places = [_Place(claim, values) for values in points]
    return tuple(
        Sharp(part, form, tuple(place.seen(part, form) for place in places))
        for part, form in known.items()
    )


class _Place:
    """The exact risk of a claim's setting at one place."""

    def __init__(self, claim: Claim, values: Mapping[str, Fraction]):
        setting = claim.setting
        self.values = values
        self.a = float(values["a"])
        self.b = float(values.get("b", values["a"]))
        constant = setting.schedule == "constant"
        self.steps = 10.0**STEPS if constant else 10**STEPS / log2(10**STEPS)
        self.model = round(BEYOND + (log10(self.steps) + STEP) / self.a)
        method = (setting.features, setting.algorithm, setting.schedule)
        self.risk = _risk(self.model, self.a, self.b, *method)

    def seen(self, part: str, form: Asymptotic) -> Seen:
        """Return a part's exact value here (the variance per unit noise) and its ratio."""
        exact: float = getattr(self.risk, part)
        if part == "variance":
            exact /= 1 + self.risk.approx
        sizes = dict(self._sizes(form))
        return Seen(self.values, sizes, exact, exact / self._at(form))

    def _sizes(self, form: Asymptotic) -> Iterator[tuple[str, str]]:
        yield "M", f"10^{self.model}"
        if asymptotics.step in form.exponents:
            yield from (("N", f"10^{STEPS}"), ("gamma", f"10^({STEP})"))

    def _at(self, form: Asymptotic) -> float:
        symbols = {
            asymptotics.M: 10.0**self.model,
            asymptotics.N: 10.0**STEPS,
            asymptotics.N_eff: self.steps,
            asymptotics.step: 10.0**STEP,
            asymptotics.a: self.a,
            asymptotics.b: self.b,
        }
        return float(form.form.subs(symbols))


@cache
def _risk(
    model: int, a: float, b: float, features: str, algorithm: str, schedule: str
) -> ExpectedRisk:
    return expected_risk(
        10**model, 10**STEPS, values={"a": a, "b": b}, gamma=10.0**STEP, features=features,
        algorithm=algorithm, schedule=schedule,
    )  # fmt: skip
