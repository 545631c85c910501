r"""True laws ``LEFT = Theta(RIGHT)``, valid for all sizes and parameters within their assumptions.

Each law also has, where there is one, the leading term of LEFT (ratio tending to 1).  The proofs:

*Powers.*  ``x^-p`` is monotone, so sum and integral differ by at most the largest term:
``sum_{i<=X} i^-p`` is ~ zeta(p) for p > 1, ~ log X for p = 1, ~ X^(1-p)/(1-p) for p < 1, and
``sum_{i>=X} i^-p ~ X^(1-p)/(p-1)`` for p > 1.  A finite lower end changes nothing for p <= 1.
With ``log(i+1)^q`` beside it: the factor varies slowly (Karamata), and for p = 1 the integral of
``log^q(x)/x`` is ``log^(q+1)(x)/(q+1)``, ``log^(1-q)(X)/(q-1)`` of a tail with ``log(i)^-q``.

*Filters.*  Let n tend to infinity, s > 0.  For ``p > 1``, ``sum_i i^-p phi(n i^-s)`` with
``phi(x) = exp(-c x)`` or ``(1 - c/m)^m`` read at ``m = n``: the terms with ``n i^-s = x`` have
i of order ``n^(1/s)``, so the sum is ``n^((1-p)/s)`` times a Riemann sum of
``int y^-p exp(-c y^-s) dy = Gamma((p-1)/s)/s c^((1-p)/s)``; dominated by the same integrand.  For
``psi(x) = exp(-i^s/n)`` the head decides: ~ zeta(p), ~ log(n)/s, ~ n^((1-p)/s) Gamma((1-p)/s)/s
for p > 1, p = 1, p < 1.  ``1/(i^s + n)`` likewise, ``int y^-p/(y^s + 1) dy =
(pi/s)/sin(pi (1-p)/s)`` for ``1 - s < p < 1``.  ``min(1, (n i^-s)^k)`` is 1 up to ``n^(1/s)`` and
falls like a power with ``p + s k > 1`` after it: a head of length ``min(X, n^(1/s))``.

*Two ranges.*  ``sum_{X<=i<=Y} i^-p`` with ``Y >= X^r``, r > 1 (kappa matters to no order): the end
decides that is larger; for p = 1 ``log(Y/X)`` is of order ``log Y``.
``sum_{i<=X} 1/(i+Y)`` lies within a factor 2 of ``log(1 + X/Y)``, and for ``X >= Y^r`` that is of
order log X; for ``Y >= X`` up to constants it is of order X/Y.

*Nested.*  ``sum_{j<=i} j^-q`` is ~ zeta(q) or of order i^(1-q), and bounded below by 1, so the
outer sum is that of its order; ``sum_{j>=i} j^-q`` lies between ``i^(1-q)/(q-1)`` and ``q`` times
it.  *Compositions*: sums, products, minima, maxima and powers of positive functions keep Theta,
and ~ as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from attacks.scope import Scope, number

__all__ = ["LAWS", "Law", "composed"]


@dataclass(frozen=True)
class Law:
    """``left = Theta(right)``, and ``left ~ leading`` where that is known."""

    left: str
    right: str
    leading: str | None = None


def _powers(s: Scope) -> Law:
    x, kind, shift = s.size(), s.rng.choice(["tail", "one", "slow"]), s.rng.choice(["1", "1", "2"])
    if kind == "one":
        p = s.rng.choice(["i^-1", "1/i"]).replace("i", "{i}")
        return Law(s.sum(lambda i: p.format(i=i), shift, x), f"log({x})", f"log({x})")
    p = s.exponent(*((1, None) if kind == "tail" else (-2, 1)))
    left = s.sum(lambda i: f"{i}^(-{p})", shift, x)
    if kind == "tail":
        leading = f"zeta({p})" if shift == "1" else f"(zeta({p}) - 1)"
        return Law(left, "1", leading)
    return Law(left, f"{x}^(1 - {p})", f"{x}^(1 - {p})/(1 - {p})")


def _tails(s: Scope) -> Law:
    x, p = s.large(), s.exponent(1, None)
    lo = s.rng.choice([x, f"{x} + 1", f"2*{x}"])
    half = f"*2^(1 - {p})" if lo.startswith("2*") else ""
    right = f"{x}^(1 - {p})"
    return Law(s.sum(lambda i: f"{i}^(-{p})", lo, "oo"), right, f"{right}{half}/({p} - 1)")


def _logarithms(s: Scope) -> Law:
    x, kind = s.size(), s.rng.choice(["head", "slow", "one", "tail"])
    if kind == "tail":
        q = s.exponent(1, None)
        left = s.sum(lambda i: f"1/({i}*log({i})^{q})", x, "oo")
        return Law(left, f"log({x})^(1 - {q})", f"log({x})^(1 - {q})/({q} - 1)")
    if kind == "one":
        q = s.exponent(-1, 3)
        left = s.sum(lambda i: f"log({i} + 1)^{q}/{i}", "1", x)
        return Law(left, f"log({x})^({q} + 1)", f"log({x})^({q} + 1)/({q} + 1)")
    q = s.exponent(-2, 2)
    if kind == "head":
        p = s.exponent(1, None)
        return Law(s.sum(lambda i: f"{i}^(-{p})*log({i} + 1)^{q}", "1", x), "1")
    p = s.exponent(-1, 1)
    right = f"{x}^(1 - {p})*log({x})^{q}"
    left = s.sum(lambda i: f"{i}^(-{p})*log({i} + 1)^{q}", "1", x)
    return Law(left, right, f"{right}/(1 - {p})")


def _decays(s: Scope) -> Law:
    n, p, w = s.large(), s.exponent(1, None), s.exponent(0, 3)
    c = s.rng.choice(["1", "2", "(1/3)"])
    right = f"{n}^((1 - {p})/{w})"
    leading = f"Gamma(({p} - 1)/{w})/{w}*({c}*{n})^((1 - {p})/{w})"
    hi = "oo"
    if s.rng.random() < 0.6:
        return Law(
            s.sum(lambda i: f"{i}^(-{p})*exp(-{c}*{n}*{i}^(-{w}))", "1", hi), right, leading
        )
    form = s.rng.choice(
        ["{i}^(-{p})/exp({c}*{n}/{i}^{w})", "exp(-{c}*{n}/{i}^{w} - {p}*log({i}))"]
    )
    left = s.sum(lambda i: form.format(i=i, p=p, c=c, n=n, w=w), "1", hi)
    return Law(left, right, leading)


def _cuts(s: Scope) -> Law:
    n, w, kind = s.large(), s.exponent(0, 3), s.rng.choice(["head", "one", "slow"])
    p = {
        "head": lambda: s.exponent(1, None),
        "one": lambda: "1",
        "slow": lambda: s.exponent(-1, 1),
    }
    q = p[kind]()
    left = s.sum(lambda i: f"{i}^(-{q})*exp(-{i}^{w}/{n})", "1", "oo")
    if kind == "head":
        return Law(left, "1", f"zeta({q})")
    if kind == "one":
        return Law(left, f"log({n})", f"log({n})/{w}")
    right = f"{n}^((1 - {q})/{w})"
    return Law(left, right, f"{right}*Gamma((1 - {q})/{w})/{w}")


def _resolvents(s: Scope) -> Law:
    n, kind = s.large(), s.rng.choice(["head", "one", "slow"])
    w = s.exponent(1, 3)
    if kind == "head":
        p = s.exponent(1, None)
        left = s.sum(lambda i: f"{i}^(-{p})/({i}^{w} + {n})", "1", "oo")
        return Law(left, f"1/{n}", f"zeta({p})/{n}")
    if kind == "one":
        left = s.sum(lambda i: f"1/({i}*({n} + {i}^{w}))", "1", "oo")
        return Law(left, f"log({n})/{n}", f"log({n})/({w}*{n})")
    p = s.exponent(0, 1)
    left = s.sum(lambda i: f"1/({i}^{p}*({i}^{w} + {n}))", "1", "oo")
    right = f"{n}^((1 - {p})/{w} - 1)"
    return Law(left, right, f"(pi/{w})/sin(pi*(1 - {p})/{w})*{right}")


def _minima(s: Scope) -> Law:
    n, x, w = s.large(), s.new_size(), s.exponent(1, 3)
    k = s.rng.choice(["1", "2"])
    kind = s.rng.choice(["head", "one", "slow"])
    p = {"head": lambda: s.exponent(1, None), "one": lambda: "1", "slow": lambda: s.exponent(0, 1)}
    q = p[kind]()
    form = s.rng.choice(["{i}^(-{q})*min(1, ({n}*{i}^(-{w}))^{k})",
                         "{i}^(-{q})/max(1, {i}^{w}/{n})^{k}"])  # fmt: skip
    left = s.sum(lambda i: form.format(i=i, q=q, n=n, w=w, k=k), "1", "{hi}")
    short = f"min({x}, {n}^(1/{w}))"
    if kind == "head":
        return Law(left.format(hi=s.rng.choice([x, "oo"])), "1", f"zeta({q})")
    if kind == "one":
        right = s.rng.choice([f"log({short})", f"min(log({x}), log({n}))"])
        return Law(left.format(hi=x), right)
    return Law(left.format(hi="oo"), f"{n}^((1 - {q})/{w})") if s.rng.random() < 0.5 else (
        Law(left.format(hi=f"min({x}, {n}^(1/{w}))"), f"{short}^(1 - {q})")
    )  # fmt: skip


def _ranges(s: Scope) -> Law:
    x, y = s.new_size(), s.new_size()
    s.related = True
    r = s.rng.choice(["2", "(3/2)"])
    s.assume.append(f"{y} >= {x}^{r}")
    kind = s.rng.choice(["tail", "one", "slow", "shifted"])
    if kind == "shifted":
        left = s.sum(lambda i: f"1/({i} + {x})", "1", y)
        return Law(left, f"log({y})", None)
    if kind == "one":
        return Law(s.sum(lambda i: f"1/{i}", x, y), f"log({y})", f"log({y}/{x})")
    p = s.exponent(*((1, None) if kind == "tail" else (-1, 1)))
    left = s.sum(lambda i: f"{i}^(-{p})", x, y)
    end, sign = (x, f"({p} - 1)") if kind == "tail" else (y, f"(1 - {p})")
    return Law(left, f"{end}^(1 - {p})", f"{end}^(1 - {p})/{sign}")


def _nested(s: Scope) -> Law:
    x, kind = s.size(), s.rng.choice(["summable", "growing", "tails"])
    if kind == "summable":
        q, p = s.exponent(1, None), s.exponent(-1, 1)
        left = s.sum(lambda i: f"{i}^(-{p})*" + s.sum(lambda j: f"{j}^(-{q})", "1", i), "1", x)
        right = f"{x}^(1 - {p})"
        return Law(left, right, f"zeta({q})*{right}/(1 - {p})")
    if kind == "growing":
        q, p = s.exponent(-1, 1), s.exponent(-1, 0)
        left = s.sum(lambda i: s.sum(lambda j: f"{j}^(-{q})*{i}^(-{p})", "1", i), "1", x)
        right = f"{x}^(2 - {p} - {q})"
        return Law(left, right, f"{right}/((1 - {q})*(2 - {p} - {q}))")
    q = s.exponent(1, 2)
    left = s.sum(lambda i: s.sum(lambda j: f"{j}^(-{q})", i, "oo"), "1", x)
    return Law(left, f"{x}^(2 - {q})", f"{x}^(2 - {q})/(({q} - 1)*(2 - {q}))")


def _hidden(s: Scope) -> Law:
    """A sum in a sum that does not see the outer index, whatever its own is called."""
    x, y, p, q = s.size(), s.size(), s.exponent(1, None), s.exponent(-1, 1)
    inner = s.sum(lambda j: f"{j}^(-{q})", "1", y)
    left = s.sum(lambda i: f"{i}^(-{p})*{inner}", "1", x)
    return Law(left, f"{y}^(1 - {q})", f"zeta({p})*{y}^(1 - {q})/(1 - {q})")


def _few_terms(s: Scope) -> Law:
    x, top = s.size(), s.rng.choice([2, 3, 5])
    kind = s.rng.choice(["powers", "roots", "bases", "zeta", "plain"])
    if kind == "powers":
        left = s.sum(lambda i: f"{x}^{i}", "1", str(top))
        return Law(left, f"{x}^{top}", f"{x}^{top}")
    if kind == "roots":
        return Law(s.sum(lambda i: f"{x}^(1/{i})", "1", str(top)), x, x)
    if kind == "bases":
        return Law(s.sum(lambda i: f"{i}^{x}", "1", str(top)), f"{top}^{x}", f"{top}^{x}")
    if kind == "zeta":
        left = s.sum(lambda i: f"{i}^(-{x})", str(top), "oo")
        return Law(left, f"{top}^(-{x})", f"{top}^(-{x})")
    left = s.sum(lambda i: f"({x} - {i})", "1", x)
    return Law(left, f"{x}^2", f"{x}^2/2")


def _closed(s: Scope) -> Law:
    """Expressions without sums."""
    x, y, r = s.size(), s.new_size(), s.exponent(0, 3)
    choices = [
        Law(f"(1 - (1 - 1/{x})^{y})", f"min(1, {y}/{x})"),
        Law(f"(1 - exp(-{y}/{x}))", f"min(1, {y}/{x})"),
        Law(f"(1 + 1/{x})^{x}", "1", "exp(1)"),
        Law(f"{x}^(1/log({x}))", "1", "exp(1)"),
        Law(f"log({x}^{r}*{y})", f"max(log({x}), log({y}))", f"({r}*log({x}) + log({y}))"),
        Law(f"log({x} + {y}^{r})", f"log(max({x}, {y}))"),
        Law(f"({x} + {y})", f"max({x}, {y})", f"({y} + {x})"),
        Law(f"{x}*{y}/({x} + {y})", f"min({x}, {y})"),
        Law(f"sqrt({x}^2 + {y})", f"max({x}, {y}^(1/2))", f"({x}^2 + {y})^(1/2)"),
        Law(f"({x} - {x}^(1/2))", x, x),
        Law(f"({x}^{r} - log({x}))", f"{x}^{r}", f"{x}^{r}"),
        Law(f"({x} + 1)^{r}", f"{x}^{r}", f"{x}^{r}"),
        Law(f"(log({x}) - log(log({x})))", f"log({x})", f"log({x})"),
        Law(f"({r} + {x}*{y})", f"{x}*{y}", f"{x}*{y}"),
        Law(f"(1 + log({x})/{x})^{x}", x, x),
        Law(f"exp({r}*log({x}))", f"{x}^{r}", f"{x}^{r}"),
    ]
    return s.rng.choice(choices)


def _related(s: Scope) -> Law:
    """Expressions that need an assumption between two sizes."""
    x, y = s.new_size(), s.new_size()
    s.related = True
    assumption, laws = s.rng.choice([
        (f"{x} >= {y}", [Law(f"exp(-{y}/{x})", "1"), Law(f"({x} + {y})", x),
                         Law(f"log({x}*{y})", f"log({x})"),
                         Law(f"min({x}, {y}^(1/2))", f"{y}^(1/2)")]),
        (f"{x} >= {y}^(3/2)", [Law(f"({x} - {y})", x, x), Law(f"({x} + {y})", x, x),
                               Law(f"log({x}/{y})", f"log({x})"), Law(f"max({x}, {y})", x, x)]),
        (f"{x} = {y}^2", [Law(f"({x} + {y})", x, x),
                          Law(f"log({x})", f"log({y})", f"2*log({y})")]),
        (f"{x} <= {y}", [Law(f"{x}/({x} + {y})", f"{x}/{y}"), Law(f"({y} + {x})", y)]),
    ])  # fmt: skip
    s.assume.append(assumption)
    return s.rng.choice(laws)


def _steps(s: Scope) -> Law:
    """The effective number of steps beside the number of steps, and names that hide either."""
    for name in ("N", "N_eff"):
        if name not in s.sizes:
            s.sizes.append(name)
    p = s.exponent(1, None)
    choices = [
        Law("N", "N_eff*log(N)", "N_eff*log(N)"),
        Law("N", "N_eff*log(N_eff)", "N_eff*log(N_eff)"),
        Law("log(N)", "log(N_eff)", "log(N_eff)"),
        Law(s.sum(lambda i: f"{i}^(-{p})*N_eff", "1", "N"), "N_eff", f"zeta({p})*N_eff"),
        Law(s.sum(lambda i: f"{i}^(-{p})*N/log(N)", "1", "N_eff"), "N_eff", f"zeta({p})*N_eff"),
        Law(s.sum(lambda i: f"{i}^({p} - 2)", "1", "N_eff"), f"(N/log(N))^({p} - 1)",
            f"N_eff^({p} - 1)/({p} - 1)"),
    ]  # fmt: skip
    return s.rng.choice(choices)


LAWS: tuple[Callable[[Scope], Law], ...] = (
    _powers, _tails, _logarithms, _decays, _cuts, _resolvents, _minima, _nested, _hidden,
    _few_terms, _closed, _ranges, _related, _steps,
)  # fmt: skip
_RELATING = (_ranges, _related, _steps)


def composed(s: Scope) -> Law:
    """Return a law put together from one to three."""
    parts = [s.rng.choice(LAWS)(s)]
    while len(parts) < 3 and s.rng.random() < 0.35:
        parts.append(s.rng.choice([law for law in LAWS if law not in _RELATING])(s))
    law = parts[0]
    for other in parts[1:]:
        law = _joined(s, law, other)
    if s.rng.random() < 0.25:
        q = number(s.rng.choice([Fraction(-1), Fraction(1, 2), Fraction(2), Fraction(-3, 2)]))
        law = _mapped(law, lambda text: f"({text})^{q}")
    if s.rng.random() < 0.25:
        size = s.size()
        law = _mapped(law, lambda text: f"{size}^(1/2)*({text})")
    return law


def _joined(s: Scope, first: Law, second: Law) -> Law:
    form = s.rng.choice(["({})*({})", "({})/({})", "({}) + ({})", "max({}, {})", "min({}, {})"])
    leading = None
    if first.leading is not None and second.leading is not None:
        leading = form.format(first.leading, second.leading)
    return Law(
        form.format(first.left, second.left), form.format(first.right, second.right), leading
    )


def _mapped(law: Law, function: Callable[[str], str]) -> Law:
    leading = None if law.leading is None else function(law.leading)
    return Law(function(law.left), function(law.right), leading)
