r"""Expressions, conditions and statements as LaTeX mathematics; needs amsmath only.

Products are set with thin spaces, quotients as fractions or, `inline` and in exponents, with a
slash; a power of a logarithm or a sine is set on its name, as in ``\log^{1-a}(M)``.  The reading
is always unambiguous: whatever is divided, multiplied or raised stands in parentheses unless it
binds more strongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from ratecert.proofs_check.language.expr import (
    Add,
    Call,
    Expr,
    Mul,
    Name,
    Num,
    Pow,
    Sum,
    mul,
    unmarked,
)
from ratecert.proofs_check.language.grammar import Statement
from ratecert.proofs_check.language.statement import Condition

__all__ = ["condition", "latex", "relation", "statement"]

_LETTERS = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau
    upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_GREEK = frozenset(_LETTERS.split())
_NAMES: Mapping[str, str] = {
    "oo": r"\infty",
    "EulerGamma": r"\gamma_{\mathrm{E}}",
    "effective_dimension": r"D_{\mathrm{eff}}",
    "mean_bias": r"\overline{\mathrm{bias}}",
    "value": r"\mathrm{value}",
}
_FUNCTIONS: Mapping[str, str] = {
    "min": r"\min",
    "max": r"\max",
    "exp": r"\exp",
    "log": r"\log",
    "Gamma": r"\Gamma",
    "zeta": r"\zeta",
    "sin": r"\sin",
}
_RELATIONS: Mapping[str, str] = {
    "Theta": r"\Theta",
    "O": "O",
    "Omega": r"\Omega",
    "o": "o",
    "Thetatilde": r"\tilde{\Theta}",
    "Otilde": r"\tilde{O}",
    "Omegatilde": r"\tilde{\Omega}",
}
_COMPARISONS: Mapping[str, str] = {
    "<": "<", "<=": r"\le", "=": "=", ">=": r"\ge", ">": ">",
}  # fmt: skip

# How strongly a text binds: what stands beside it asks for a least strength.
_SUM, _PRODUCT, _POWER, _ATOM = 1, 2, 3, 4


def latex(expr: Expr, *, inline: bool = False) -> str:
    """Return the expression in LaTeX.

    Parameters
    ----------
    expr
        The expression.
    inline
        Whether quotients are set with a slash, as suits a line of text or a row of a table.
    """
    return _text(expr, 0, inline)


def condition(cond: Condition, *, inline: bool = False) -> str:
    """Return ``left op right`` in LaTeX."""
    left, right = latex(cond.left, inline=inline), latex(cond.right, inline=inline)
    return f"{left} {_COMPARISONS[cond.op]} {right}"


def relation(name: str, right: Expr, *, inline: bool = False) -> str:
    r"""Return what stands to the right of a claim, ``\Theta(...)`` or ``\sim ...``."""
    text = latex(right, inline=inline)
    return rf"{{}}\sim {text}" if name == "~" else f"{_RELATIONS[name]}{_parenthesised(text)}"


def statement(says: Statement, *, inline: bool = False) -> str:
    """Return the statement in LaTeX."""
    left = latex(says.left, inline=inline)
    if says.relation == "~":
        return rf"{left} \sim {latex(says.right, inline=inline)}"
    return f"{left} = {relation(says.relation, says.right, inline=inline)}"


def _text(expr: Expr, strength: int, inline: bool) -> str:
    text, own = _PRINTERS[type(expr)](expr, inline)
    return _parenthesised(text) if own < strength else text


def _parenthesised(text: str) -> str:
    tall = r"\frac" in text or r"\sum" in text
    return rf"\left({text}\right)" if tall else f"({text})"


def _num(expr: Expr, inline: bool) -> tuple[str, int]:
    assert isinstance(expr, Num)
    top, bottom = abs(expr.value.numerator), expr.value.denominator
    sign = "-" if expr.value < 0 else ""
    if bottom == 1:
        return f"{sign}{top}", _SUM if sign else _ATOM
    text = f"{top}/{bottom}" if inline else rf"\frac{{{top}}}{{{bottom}}}"
    return sign + text, _SUM if sign else _PRODUCT


def _name(expr: Expr, _inline: bool) -> tuple[str, int]:
    assert isinstance(expr, Name)
    return _NAMES.get(expr.name) or _spelt(unmarked(expr.name)), _ATOM


def _spelt(name: str) -> str:
    """Return a name with its Greek letter and its index: ``N_eff``, ``lambda_1``, ``x2``."""
    base, _, index = name.strip("_").partition("_")
    if not index and (numbered := re.fullmatch(r"([A-Za-z]+?)([0-9]+)", base)):
        base, index = numbered.groups()
    letters = _word(base) if base else r"\_"
    return f"{letters}_{{{_word(index)}}}" if index else letters


def _word(word: str) -> str:
    if word in _GREEK:
        return rf"\{word}"
    if len(word) == 1 or word.isdigit():
        return word
    upright = word.replace("_", r"\_")
    return rf"\mathrm{{{upright}}}"


def _add(expr: Expr, inline: bool) -> tuple[str, int]:
    assert isinstance(expr, Add)
    terms = sorted(expr.terms, key=_is_later)
    text = _text(terms[0], _PRODUCT if isinstance(terms[0], Sum) else _SUM, inline)
    for term in terms[1:]:
        sign, positive = _split_sign(term)
        text += f" {sign} {_text(positive, _PRODUCT, inline)}"
    return text, _SUM


def _is_later(term: Expr) -> bool:
    """Return whether the term is negative: ``1 - a`` reads better than ``-a + 1``."""
    return _split_sign(term)[0] == "-"


def _split_sign(expr: Expr) -> tuple[str, Expr]:
    if isinstance(expr, Num) and expr.value < 0:
        return "-", Num(-expr.value)
    if isinstance(expr, Mul):
        first = expr.factors[0]
        if isinstance(first, Num) and first.value < 0:
            return "-", mul(Num(-first.value), *expr.factors[1:])
    return "+", expr


def _mul(expr: Expr, inline: bool) -> tuple[str, int]:
    assert isinstance(expr, Mul)
    sign, positive = _split_sign(expr)
    if sign == "-":
        return f"-{_text(positive, _PRODUCT, inline)}", _SUM
    top: list[Expr] = []
    bottom: list[Expr] = []
    for factor in expr.factors:
        if isinstance(factor, Pow) and _is_reciprocal(factor):
            bottom.append(factor.base)
        elif isinstance(factor, Num) and factor.value.denominator != 1:
            bottom.append(Num(Fraction(factor.value.denominator)))
            top += [Num(Fraction(factor.value.numerator))] * (factor.value.numerator != 1)
        else:
            top.append(factor)
    return _quotient(top, bottom, inline)


def _quotient(top: list[Expr], bottom: list[Expr], inline: bool) -> tuple[str, int]:
    """Return the product of `top` over the product of `bottom`."""
    if not bottom:
        return _product(top, inline), _PRODUCT
    if not inline:
        numerator, denominator = (_alone_or_product(part, inline) for part in (top, bottom))
        return rf"\frac{{{numerator}}}{{{denominator}}}", _PRODUCT
    numerator = _product(top, inline) if top else "1"
    denominator = _product(bottom, inline)
    single = len(bottom) == 1
    return f"{numerator}/{denominator if single else f'({denominator})'}", _PRODUCT


def _alone_or_product(factors: list[Expr], inline: bool) -> str:
    """Return a product that a fraction bar encloses, so that one factor needs no parentheses."""
    if not factors:
        return "1"
    return latex(factors[0], inline=inline) if len(factors) == 1 else _product(factors, inline)


def _product(factors: list[Expr], inline: bool) -> str:
    texts = [_text(factor, _POWER, inline) for factor in factors]
    joined = texts[0]
    for text in texts[1:]:
        joined += (r" \cdot " if text[0].isdigit() else r" \, ") + text
    return joined


def _is_reciprocal(expr: Pow) -> bool:
    return expr.exponent == Num(Fraction(-1))


def _pow(expr: Expr, inline: bool) -> tuple[str, int]:
    assert isinstance(expr, Pow)
    if _is_reciprocal(expr):
        return _quotient([], [expr.base], inline)
    exponent = latex(expr.exponent, inline=True)
    if isinstance(expr.base, Call) and expr.base.func in ("log", "sin"):
        name, arguments = _call_parts(expr.base, inline)
        return f"{name}^{{{exponent}}}{arguments}", _POWER
    return f"{_text(expr.base, _ATOM, inline)}^{{{exponent}}}", _POWER


def _call(expr: Expr, inline: bool) -> tuple[str, int]:
    assert isinstance(expr, Call)
    match expr:
        case Call("sqrt", (arg,)):
            return rf"\sqrt{{{latex(arg, inline=inline)}}}", _ATOM
        case Call("eigenvalue", (arg,)):
            return rf"\tilde{{\lambda}}_{{{latex(arg, inline=True)}}}", _ATOM
        case Call("optimal", (Name("value"),)):
            return r"\mathrm{optimum}", _ATOM
        case Call("optimal", (arg,)):
            return rf"{_text(arg, _ATOM, inline)}^{{\star}}", _POWER
    name, arguments = _call_parts(expr, inline)
    return name + arguments, _ATOM


def _call_parts(expr: Call, inline: bool) -> tuple[str, str]:
    arguments = r",\ ".join(latex(arg, inline=inline) for arg in expr.args)
    return _FUNCTIONS.get(expr.func) or _spelt(expr.func), _parenthesised(arguments)


def _sum(expr: Expr, inline: bool) -> tuple[str, int]:
    assert isinstance(expr, Sum)
    index = _word(unmarked(expr.index))
    lo, hi = latex(expr.lo, inline=True), latex(expr.hi, inline=True)
    return rf"\sum_{{{index}={lo}}}^{{{hi}}} {_text(expr.term, _PRODUCT, inline)}", _SUM


_PRINTERS: Mapping[type, Callable[[Expr, bool], tuple[str, int]]] = {
    Num: _num, Name: _name, Add: _add, Mul: _mul, Pow: _pow, Call: _call, Sum: _sum,
}  # fmt: skip
