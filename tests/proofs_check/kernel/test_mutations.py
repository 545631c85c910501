"""Derivations changed in one place, and derivations held against the wrong claim.

*Every* part of every derivation of `CASES` is changed in every way that `variants` knows: dropped,
reversed or said twice (lists), given to another generator (numbered entries), turned (signs), made
twice, minus or 0 times itself (numbers) or a square, an inverse or 1 (expressions).  Together the
derivations use every rule (the last test), so that every field of every rule is among the parts.
Held against the false neighbour, where little but the goal decides, two changes of each kind are
tried: parts are of one kind if they differ in their numbers only.

A mutation is *harmless* if what is left is a proof of the same claim.  That can be so in the
example of the assumptions (``model``), for others satisfy them too, and where a proof offers more
than it uses: a hint or a power that no certificate refers to, one of several windows, a sign that
nothing asks for, and the order of steps that do not depend on each other.  A certificate itself
(weights and generators, and which clause it is for), a sign's own proof, a vertex, a slope, a
value, a point and the proofs of feasibility have no such room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import count
from typing import Any

import pytest
from derivations import CASES, REFUTED, derived, witness

from ratecert.proofs_check.checker import check, check_witness
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import RejectedError

Path = tuple[str | int, ...]
DROPPED = object()
CONSTANT_FACTORS = ("at", "log at", "from", "to", "bound")


def places(data: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all parts of a tree of JSON, leaves and containers."""
    if path:
        yield path
    if isinstance(data, dict):
        for key in data:
            yield from places(data[key], (*path, key))
    elif isinstance(data, list):
        for index in range(len(data)):
            yield from places(data[index], (*path, index))


def at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def changed(data: Any, path: Path, value: Any) -> Any:
    """Return a copy with the part at the path replaced, or dropped."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    copy = dict(data) if isinstance(data, dict) else list(data)
    if not rest and value is DROPPED:
        del copy[key]
    else:
        copy[key] = changed(copy[key], rest, value)
    return copy


def is_number(value: Any) -> bool:
    return isinstance(value, str) and value.lstrip("-").replace("/", "").isdigit()


def variants(value: Any) -> Iterator[Any]:
    """Yield neighbours of a part: what a slip or a cheat would write in its place."""
    yield DROPPED
    if value is None:
        yield 1
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, str) and value in ("+", "-"):
        yield "-" if value == "+" else "+"
    elif is_number(value):
        yield from (str(Fraction(value) * 2), str(-Fraction(value)), "0")
    elif isinstance(value, str):
        yield from (f"({value})^2", f"1/({value})", "1")
    elif isinstance(value, list):
        if any(isinstance(item, dict) for item in value):
            yield [*value, value[-1]]
        if len(value) > 1:
            yield value[::-1]
    elif isinstance(value, dict):
        yield from (renamed(value, key) for key in value if key.isdigit())


def renamed(numbered: dict[str, Any], key: str) -> dict[str, Any]:
    """Return what belongs to one number under the first that is free: another generator."""
    free = next(k for k in map(str, count()) if k not in numbered)
    return {free if k == key else k: value for k, value in numbered.items()}


def mutants(data: Any) -> list[tuple[Path, Any]]:
    """Return the paths of all parts with what each could be instead."""
    found = ((path, other) for path in places(data) for other in variants(at(data, path)))
    return [
        (path, other) for path, other in found if other != at(data, path) and path[0] != "kind"
    ]


def is_harmless(data: Any, path: Path, other: Any) -> bool:
    """Whether the mutant may be another proof of the same claim; see the module's text."""
    value, names = at(data, path), [key for key in path if isinstance(key, str)]
    is_reversed = isinstance(value, list) and other == value[::-1]
    is_said_twice = isinstance(value, list) and other == [*value, *value[-1:]]
    checks = [
        # Another example of what is assumed.
        path[0] == "model",
        # An assumed condition needs no proof, and the value is the right side of such a claim.
        path[0] == "needs" and value is None,
        path[-1] == "value" and "slope" not in at(data, path[:-1]),
        # Sums commute: terms of a multiplier, assumptions in a term, windows, signs.
        is_reversed and names[-1] not in ("certs", "feasible", "compare", "mono"),
        is_said_twice and names[-1] != "certs",
        # True facts that nothing asks for, or facts of which fewer are enough.
        path[-2:-1] == ("signs",) and other is DROPPED,
        path[-3:-2] == ("signs",) and path[-1] == 0,
        path[-2:-1] == ("lower",) and other is DROPPED,
        path[-1] == "lower" and isinstance(value, list) and other is DROPPED,
        path[-1] == "inner" and not value,
        path[-2:] == ("upper", "power"),
        # Constant factors do not count, nor does log(2 + X^2) for log(2 + X), nor 1/a for a sign.
        is_number(value) and names[-1] in CONSTANT_FACTORS and other in ("1", "2"),
        names[-1] == "log" and other == f"({value})^2",
        names[-1] == "cases" and other == f"1/({value})",
    ]
    return any(checks)


def some_of_each_kind(found: list[tuple[Path, Any]], most: int = 2) -> list[tuple[Path, Any]]:
    """Return the first changes of each kind: of parts that differ in their numbers alone."""
    seen: Counter[tuple[str, ...]] = Counter()
    kept = []
    for path, other in found:
        kind = (*(str(key) for key in path if not str(key).isdigit()), variant_of(other))
        seen[kind] += 1
        if seen[kind] <= most:
            kept.append((path, other))
    return kept


def variant_of(other: Any) -> str:
    return "dropped" if other is DROPPED else type(other).__name__


def accepted(
    check: Callable[[Claim, Any], object],
    claim: Claim,
    data: Any,
    changes: list[tuple[Path, Any]],
) -> list[Any]:
    """Return the changes after which a proof still passes for one of the claim."""
    found = []
    for path, other in changes:
        try:
            check(claim, changed(data, path, other))
        except RejectedError:
            continue
        found.append((path, at(data, path), other))
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_changed_derivation_is_rejected(name: str) -> None:
    proof = derived(name)
    found = accepted(check, CASES[name].claim, proof, mutants(proof))
    assert [x for x in found if not is_harmless(proof, x[0], x[2])] == []


@pytest.mark.parametrize("name", CASES)
def test_no_change_proves_the_false_neighbour(name: str) -> None:
    proof, false = derived(name), CASES[name].false_claim
    with pytest.raises(RejectedError):
        check(false, proof)
    assert accepted(check, false, proof, some_of_each_kind(mutants(proof))) == []


def test_a_changed_witness_is_rejected() -> None:
    """Only the path's speed is free: C = t^2 and M = t say what C = t and M = t^(1/2) do."""
    proof = witness()
    check_witness(REFUTED.claim, proof)
    for claim in (REFUTED.claim, REFUTED.false_claim):
        assert accepted(check_witness, claim, proof, mutants(proof)) == []


@pytest.mark.parametrize("name", CASES)
def test_derivations_hold_and_have_much_to_change(name: str) -> None:
    proof = derived(name)
    check(CASES[name].claim, proof)
    found = mutants(proof)
    assert sum(not is_harmless(proof, *mutant) for mutant in found) > len(found) / 2


def test_the_derivations_use_every_rule() -> None:
    used = {key for name in CASES for path in places(derived(name)) for key in path}
    rules = {"split", "compare", "signs", "cases", "mono", "apart", "log", "absurd", "void"}
    rules |= {"from", "at", "log at", "cut", "power", "bounded", "slope", "diverges", "cap"}
    rules |= {"feasible", "nonempty", "smaller", "grows", "small", "certs", "needs", "model"}
    assert rules <= used
