"""Numbers to hold orders against: logarithms of expressions at ``t = exp(L)`` for huge L.

With ``log t = L`` in the thousands a power of t, a power of log t and a constant are told apart by
the change from one L to the next, which no sum at affordable t shows.  Expressions are evaluated
in logarithms; a sum over i is taken exactly over its first terms, and beyond them as the integral
over ``log i`` of a function whose logarithm is linear on each panel, as those of monomials are.
An infinite sum is cut where ``log i`` is four times the largest logarithm that occurs, which
leaves out at most a fixed share of those that converge.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ratecert.proofs_check.language.expr import Add, Call, Expr, Mul, Name, Num, Pow, Sum
from ratecert.proofs_check.paths.bounds import Path
from ratecert.proofs_check.paths.orders import Order

FIRST = 64
LARGEST = 690.0
"""Exponents are cut here: exp(-exp(690)) is below every power of t."""
STEP = 0.25
LOGS = (1000.0, 2000.0)


def log_order(order: Order, log_t: float) -> float:
    """Return the logarithm of ``t^x (log t)^y (log log t)^z``."""
    ell = np.log(log_t)
    return float(order.x) * log_t + float(order.y) * ell + float(order.z) * np.log(ell)


def log_value(expr: Expr, path: Path, log_t: float) -> float:
    """Return the logarithm of the expression along a path."""
    logs = {name: log_order(order, log_t) for name, order in path.orders.items()}
    return float(_log(expr, logs, path.values))


def changes(expr: Expr, path: Path) -> float:
    """Return by how much the logarithm of the expression changes between the two `LOGS`."""
    first, second = (log_value(expr, path, log_t) for log_t in LOGS)
    return second - first


def is_tiny(expr: Expr, path: Path) -> bool:
    """Whether the expression is below every power of t that occurs."""
    return log_value(expr, path, LOGS[-1]) < -1e6 * LOGS[-1]


def order_changes(order: Order) -> float:
    """Return by how much the logarithm of a function of this order changes between them."""
    first, second = (log_order(order, log_t) for log_t in LOGS)
    return second - first


def _number(expr: Expr, values: Mapping[str, Any]) -> float:
    match expr:
        case Num(value):
            return float(value)
        case Name(name):
            return float(values[name])
        case Add(terms):
            return sum(_number(term, values) for term in terms)
        case Mul(factors):
            return float(np.prod([_number(factor, values) for factor in factors]))
        case Pow(base, exponent):
            return _number(base, values) ** _number(exponent, values)
    raise NotImplementedError(str(expr))


def _log(expr: Expr, logs: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    match expr:
        case Num(value):
            return np.log(float(value))
        case Name("pi"):
            return np.log(np.pi)
        case Name(name):
            return logs[name] if name in logs else np.log(float(values[name]))
        case Mul(factors):
            return sum(_log(factor, logs, values) for factor in factors)
        case Add(terms):
            return _log_sum([_log(term, logs, values) for term in terms])
        case Pow(base, exponent):
            return _log(base, logs, values) * _number(exponent, values)
        case Call("sqrt", (arg,)):
            return _log(arg, logs, values) / 2
        case Call("min" | "max" as func, args):
            parts = [_log(arg, logs, values) for arg in args]
            best = parts[0]
            for part in parts[1:]:
                best = np.minimum(best, part) if func == "min" else np.maximum(best, part)
            return best
        case Call("exp", (Num(value),)):
            return float(value)
        case Call("exp", (Mul((Num(value), *rest)),)) if value < 0:
            exponent = _log(Mul((Num(-value), *rest)), logs, values)
            return -np.exp(np.minimum(exponent, LARGEST))
        case Call("log", (Add(terms),)) if Num(Fraction(1)) in terms:
            small = _log(Add(tuple(t for t in terms if not isinstance(t, Num))), logs, values)
            return np.where(small < -30, small, np.log(np.logaddexp(np.maximum(small, -30), 0.0)))
        case Call("log", (arg,)):
            return np.log(_log(arg, logs, values))
        case Sum():
            return _log_of_sum(expr, logs, values)
    raise NotImplementedError(str(expr))


def _log_sum(parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = np.logaddexp(total, part)
    return total


def _log_of_sum(expr: Sum, logs: Mapping[str, Any], values: Mapping[str, Any]) -> float:
    low = _log(expr.lo, logs, values)
    cut = 4 * max(float(log) for log in logs.values())
    high = cut if expr.hi == Name("oo") else _log(expr.hi, logs, values)
    parts = []
    if low < np.log(FIRST):
        first = np.log(np.arange(round(np.exp(low)), FIRST))
        parts.append(_log(expr.term, {**logs, expr.index: first}, values))
        low = np.log(FIRST - 0.5)
    if high > low:
        grid = np.linspace(low, high, max(2, int((high - low) / STEP)))
        parts.append(_log_panels(grid, _log(expr.term, {**logs, expr.index: grid}, values) + grid))
    everything = np.concatenate([np.atleast_1d(part) for part in parts])
    top = everything.max()
    return float(top + np.log(np.exp(everything - top).sum()))


def _log_panels(grid: Any, term: Any) -> Any:
    """Return the logarithms of the integrals over the panels, the integrand log-linear on each."""
    larger = np.maximum(term[1:], term[:-1])
    fall = np.abs(term[1:] - term[:-1])
    share = np.where(fall < 1e-9, 1.0, -np.expm1(-fall) / np.maximum(fall, 1e-9))
    return larger + np.log(share * (grid[1:] - grid[:-1]))
