r"""True laws of the quantities of the model, all regimes of the sizes, as plain sums give them.

``lambda_j = j^-a``, ``e_j = j^-b``, a, b > 1, ``n = steps * gamma``, steps N_eff (geometric) or
N (constant), ``u_j = n j^-a``.  Up to constants, in terms of sums over ``j <= M``:

    effective dimension  D = sum min(1, u_j^2)
    variance             outputs/(steps batch) D, or sum u_j min(1, u_j) in the place of D for the
                         last iterate of a constant step
    mean path            sum e_j exp(-u_j), or sum e_j min(1, u_j^-2) for averaged iterates
    bias                 mean path + D' A/(steps batch), D' = sum u_j^2 exp(-u_j), D if averaged
                         iterates, A = sum e_j min(1, 1/u_j)
    approximation        sum_{i>M} e_i (top features), sum_i e_i min(1, (i/M)^a) (Gaussian sketch)

The mean path of a sketch is this one for ``b < a + 1`` only.

*Orders.*  The terms of D are 1 up to ``j = n^(1/a)`` and fall like ``j^(-2a)`` after it, so
``D = min(M, n^(1/a))`` for ``n >= 1`` and ``n^2`` for ``n <= 1``; ``sum u_j min(1, u_j)`` is of
order n for ``n >= 1``, from its first terms, whatever M is, and ``n^2`` below.  For ``n <= 1`` no
mode forgets and the mean path is of order 1; for ``1 <= n``, ``n^(1/a) <= M`` it is
``n^((1-b)/a)`` (for averaged iterates as long as ``b < 2a + 1``; ``n^-2 log(1 + n)`` at equality,
``n^-2`` beyond, from the first modes).  There ``D' = n^(1/a)``, and A is ``n^((1-b)/a)`` for
``b < a + 1``, so that the feedback is at most ``gamma n^(1/a-1)/batch`` times the mean path, and
``1/n`` for ``b > a + 1``.  The sum of the approximation of a sketch is ``M^(1-b)``,
``M^-a log M``, ``M^-a`` for b below, at and above ``a + 1``.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from attacks.growth import Behaviour

__all__ = ["Model", "Wanted", "loose_factor", "quantity"]

_FORMS = ("{i}^-{p}", "{i}^(-{p})", "1/{i}^{p}", "({i}^{p})^-1")
_NAMES = ("a", "b", "j", "x", "alpha", "beta", "q", "s", "k_", "nu", "e", "z", "rho", "tau")
_METHODS = (("sgd", "geometric"), ("sgd", "constant"), ("averaged-sgd", "constant"))


@dataclass
class Model:
    """A problem and a method; `a`, `b` are the texts of the exponents."""

    rng: random.Random
    a: str = ""
    b: str = ""
    region: str = ""
    """Where b lies: "low" for ``b < a + 1``, "edge", "high", and "same" for ``b = a``."""
    assume: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def top(self) -> bool:
        return bool(self.settings["features"] == "top")

    @property
    def averaged(self) -> bool:
        return bool(self.settings["algorithm"] == "averaged-sgd")

    @property
    def last(self) -> bool:
        return self.settings["schedule"] == "constant" and not self.averaged

    @property
    def steps(self) -> str:
        return "N_eff" if self.settings["schedule"] == "geometric" else "N"

    @property
    def n(self) -> str:
        return f"({self.steps}*gamma)"

    @property
    def share(self) -> str:
        """What a response of one output is multiplied with."""
        return f"{self.settings['outputs']}/({self.steps}*{self.settings['batch']})"


@dataclass(frozen=True)
class Wanted:
    """``left`` is of the order of `right` where `needs` hold; `sums` is LEFT in plain sums.

    `wrong` are orders that it does not have, under the assumptions beside them.
    """

    left: str
    right: str
    sums: str
    needs: tuple[str, ...] = ()
    leading: str | None = None
    wrong: tuple[tuple[str, tuple[str, ...]], ...] = ()


def quantity(rng: random.Random) -> tuple[Model, Wanted]:
    """Return a model, and a law of one of its quantities."""
    model = Model(rng)
    choose = rng.choice(_QUANTITIES)
    _spectrum(model)
    algorithm, schedule = rng.choice(_METHODS)
    batch = rng.choice(["1", "1", "1", "4", "B", "(B + 1)"])
    outputs = rng.choice(["1", "1", "1", "3", "p"])
    model.settings |= {"algorithm": algorithm, "schedule": schedule, "batch": batch,
                       "outputs": outputs,
                        "features": rng.choice(["top", "gaussian"])}  # fmt: skip
    if outputs == "p":
        model.settings["sizes"] = ["p"]
    return model, choose(model)


def _spectrum(model: Model) -> None:
    rng = model.rng
    names = rng.sample(_NAMES, 2)
    model.region = rng.choice(["low", "low", "same", "edge", "high"])
    if rng.random() < 0.3:
        model.a = rng.choice(["2", "3", "(3/2)"])
    else:
        model.a = names[0]
        model.assume.append(f"{model.a} > 1")
    if model.region == "same":
        model.b = model.a
    else:
        model.b = names[1]
        model.assume += {
            "low": [f"1 < {model.b} < {model.a} + 1"],
            "edge": [f"{model.b} = {model.a} + 1"],
            "high": [f"{model.b} > {model.a} + 1"],
        }[model.region]
    form, other = rng.choice(_FORMS), rng.choice(_FORMS)
    model.settings["spectrum"] = form.format(i="i", p=model.a)
    model.settings["target"] = other.format(i="i", p=model.b)


# Multiples of a side, and what they do.


def loose_factor(model: Model, needs: tuple[str, ...]) -> tuple[str, Behaviour]:
    """Return a factor in one of the sizes, in gamma or in n, and what it does under `needs`."""
    power = model.rng.choice(["1", "(1/2)", "(1/3)"])
    small = f"{model.n} <= 1" in needs
    large = f"{model.n} >= 1" in needs
    growing = Behaviour(up=True, much_up=True)
    choices = [
        (f"M^{power}", growing),
        (f"{model.steps}^{power}", growing),
        ("log(M)", Behaviour(up=True)),
        (f"log({model.steps})", Behaviour(up=True)),
    ]
    if not any(need.endswith(f">= M^{model.a}") for need in needs):  # where n grows with M
        free = Behaviour(not small, not large, not small, not large)
        choices += [(f"gamma^(-{power})", growing), (f"{model.n}^{power}", free)]
    text, behaviour = model.rng.choice(choices)
    certain = text.startswith(("M", "log", model.steps)) or (small and "gamma^(-" in text)
    if model.rng.random() < 0.5:
        return text, behaviour
    return f"1/{text}", behaviour.inverse(vanishes=certain)


# The quantities.


def _dimension(model: Model) -> tuple[str, str]:
    """Return D in plain sums, and the sum that the variance has in its place."""
    u = f"{model.n}*m_^(-{model.a})"
    d = f"sum(min(1, ({u})^2), m_, 1, M)"
    return d, f"sum({u}*min(1, {u}), m_, 1, M)" if model.last else d


def _effective_dimension(model: Model) -> Wanted:
    n, a = model.n, model.a
    needs, right = _dimension_law(model)
    wrong = ((f"min(M, {n}^(1/{a}))", ()), (f"{n}^(1/{a})", (f"{n} >= 1",)), ("M", (f"{n} >= 1",)))
    return Wanted("effective_dimension", right, _dimension(model)[0], needs, wrong=wrong)


def _dimension_law(model: Model) -> tuple[tuple[str, ...], str]:
    n, a = model.n, model.a
    return model.rng.choice([
        ((), f"min(M, {n}^(1/{a}), {n}^2)"),
        ((f"{n} >= 1",), f"min(M, {n}^(1/{a}))"),
        ((f"{n} <= 1",), f"{n}^2"),
        ((f"{n} >= 1", f"M >= {n}^(1/{a})"), f"{n}^(1/{a})"),
        ((f"{n} >= M^{a}",), "M"),
    ])  # fmt: skip


def _variance(model: Model) -> Wanted:
    n, a = model.n, model.a
    sums = f"{model.share}*{_dimension(model)[1]}"
    if model.last:
        needs, right = model.rng.choice([
            ((), f"min({n}, {n}^2)"), ((f"{n} >= 1",), n), ((f"{n} <= 1",), f"{n}^2"),
        ])  # fmt: skip
        wrong: tuple[tuple[str, tuple[str, ...]], ...] = (
            (f"{model.share}*min(M, {n}^(1/{a}))", (f"{n} >= 1",)),
            (f"{model.share}*{n}", ()),
        )
        return Wanted("variance", f"{model.share}*{right}", sums, needs, wrong=wrong)
    needs, right = _dimension_law(model)
    wrong = (
        (f"{model.share}*min(M, {n}^(1/{a}))", ()),
        (f"{model.share}*{n}^(1/{a})", (f"{n} >= 1",)),
        (f"{model.share}*{n}", (f"{n} >= 1",)),
    )
    if model.steps == "N_eff":
        wrong += ((f"{model.share.replace('N_eff', 'N')}*{right}", needs),)
    return Wanted("variance", f"{model.share}*{right}", sums, needs, wrong=wrong)


def _approx(model: Model) -> Wanted:
    p, a, b = model.settings["outputs"], model.a, model.b
    if model.top:
        sums = f"{p}*sum(m_^(-{b}), m_, M + 1, oo)"
        leading = f"{p}*M^(1 - {b})/({b} - 1)"
        wrong: list[str] = [f"{p}*M^(-{b})", f"{p}*M^(2 - {b})"]
        return Wanted(
            "approx", f"{p}*M^(1 - {b})", sums, (), leading, tuple((w, ()) for w in wrong)
        )
    sums = f"{p}*sum(m_^(-{b})*min(1, (m_/M)^{a}), m_, 1, oo)"
    right, wrong = {
        "low": (f"M^(1 - {b})", [f"M^(-{a})"]),
        "same": (f"M^(1 - {a})", [f"M^(-{a})"]),
        "edge": (f"M^(-{a})*log(M)", [f"M^(-{a})", f"M^(1 - {b})"]),
        "high": (f"M^(-{a})", [f"M^(1 - {b})"]),
    }[model.region]
    return Wanted("approx", f"{p}*{right}", sums, (), None, tuple((f"{p}*{w}", ()) for w in wrong))


def _path(model: Model) -> str:
    u = f"{model.n}*m_^(-{model.a})"
    kept = f"min(1, ({u})^(-2))" if model.averaged else f"exp(-{u})"
    return f"sum(m_^(-{model.b})*{kept}, m_, 1, M)"


def _tame(model: Model) -> None:
    """Make the mean path of the sketch known: ``b < a + 1``."""
    if not model.top and model.region in ("edge", "high"):
        model.settings["features"] = "top"


def _mean_bias(model: Model) -> Wanted:
    _tame(model)
    p, n, a, b = model.settings["outputs"], model.n, model.a, model.b
    sums = f"{p}*{_path(model)}"
    wide = f"M >= {n}^(1/{a})"
    if model.averaged and model.region in ("edge", "high"):
        # b may lie on either side of 2 a + 1: only the regime before any mode forgets.
        return Wanted("mean_bias", p, sums, (f"{n} <= 1",), wrong=((p, ()),))
    fall = f"{n}^((1 - {b})/{a})"
    needs, right = model.rng.choice([
        ((f"{n} >= 1", wide), fall), ((f"{n} <= 1",), "1"), ((wide,), f"min(1, {fall})"),
    ])  # fmt: skip
    wrong = ((f"{p}*{fall}", (f"{n} >= 1",)), (f"{p}*{fall}", (wide,)),
             (f"{p}*{n}^(-{b}/{a})", (f"{n} >= 1", wide)))  # fmt: skip
    return Wanted("mean_bias", f"{p}*{right}", sums, needs, wrong=wrong)


def _bias(model: Model) -> Wanted:
    _tame(model)
    p, n, a, b = model.settings["outputs"], model.n, model.a, model.b
    if model.region in ("edge", "high"):
        model.settings |= {"algorithm": "sgd"}
    needs = (f"{n} >= 1", f"M >= {n}^(1/{a})")
    u = f"{n}*m_^(-{a})"
    damped = f"min(1, ({u})^2)" if model.averaged else f"({u})^2*exp(-{u})"
    fed = f"sum({damped}, m_, 1, M)*sum(m_^(-{b})*min(1, 1/({u})), m_, 1, M)"
    sums = f"{p}*{_path(model)} + {model.share}*{fed}"
    right = f"{n}^((1 - {b})/{a})"
    if model.region == "high":
        fed_back = f"{model.n}^(1/{a} - 1)/({model.steps}*{model.settings['batch']})"
        return Wanted("bias", f"{p}*({right} + {fed_back})", sums, needs)
    if model.region == "edge":
        return Wanted("mean_bias", f"{p}*{right}", f"{p}*{_path(model)}", needs)
    wrong = ((f"{p}*{right}", (needs[0],)), (f"{p}*{n}^(-{b}/{a})", needs))
    return Wanted("bias", f"{p}*{right}", sums, needs, wrong=wrong)


def _whole(model: Model) -> Wanted:
    """The risk of Gaussian sketches and the geometric schedule, ``b < a + 1``, one output."""
    if model.region in ("edge", "high"):
        _spectrum_again(model)
    model.settings |= {"features": "gaussian", "algorithm": "sgd", "schedule": "geometric",
                       "outputs": "1", "batch": "1"}  # fmt: skip
    model.settings.pop("sizes", None)
    n, a, b = model.n, model.a, model.b
    parts = [f"M^(1 - {b})", f"{n}^((1 - {b})/{a})", f"min(M, {n}^(1/{a}))/N_eff"]
    wrong = ((parts[0], (f"{n} >= 1",)), (parts[1], (f"{n} >= 1",)))
    shown = parts[:2] if model.region == "same" else parts
    kept = f"sum(m_^(-{b})*min(1, (m_/M)^{a}), m_, 1, oo)"
    sums = f"{kept} + {_path(model)} + {_dimension(model)[0]}/N_eff"
    return Wanted("risk - sigma^2", " + ".join(shown), sums, (f"{n} >= 1",), wrong=wrong)


def _spectrum_again(model: Model) -> None:
    model.assume.clear()
    while True:
        _spectrum(model)
        if model.region in ("low", "same"):
            return
        model.assume.clear()


def _noise(model: Model) -> Wanted:
    p = model.settings["outputs"]
    if model.rng.random() < 0.5:
        leading = f"{p}*sigma^2"
        return Wanted("irreducible", p, leading, leading=leading, wrong=((f"{p}/M", ()),))
    return Wanted("risk", p, f"{p}*sigma^2", wrong=((f"{p}/M", ()), (f"{p}*log(N)", ())))


def _eigenvalue(model: Model) -> Wanted:
    a = model.a
    at = model.rng.choice(["M", "3", "1"])
    right = f"M^(-{a})" if at == "M" else "1"
    sums = f"M^(-{a})" if at == "M" else f"{at}^(-{a})"
    return Wanted(f"eigenvalue({at})", right, sums, wrong=((f"M^(1 - {a})", ()),))


def _ratio(model: Model) -> Wanted:
    """Variance over effective dimension, for the methods whose noise is that of D."""
    if model.last:
        model.settings["algorithm"] = "averaged-sgd"
    form = model.rng.choice(["variance*{}/effective_dimension", "{}*variance/effective_dimension"])
    p, batch = model.settings["outputs"], model.settings["batch"]
    left = form.format(model.steps)
    return Wanted(left, f"{p}/{batch}", f"{p}/{batch}", wrong=((f"{p}/({batch}*M)", ()),))


_QUANTITIES: tuple[Callable[[Model], Wanted], ...] = (
    _effective_dimension, _variance, _approx, _approx, _mean_bias, _bias, _whole, _noise,
    _eigenvalue, _ratio,
)  # fmt: skip
