"""Finding and reading proof ledgers: FILE or KEY.

The ledger of a built-in paper KEY is the file ``KEY.ledger.toml`` in the package data of `theory`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ratecert.io.claim_files import builtin_papers, find
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.language.claim import Claim
from ratecert.proofs_check.language.errors import UserError
from ratecert.proofs_check.language.expr import Expr, Mul, mul
from ratecert.proofs_check.language.grammar import nearest
from ratecert.proofs_check.ledger.book import MAX_BYTES, Entry, Report, check_ledger, read_ledger
from ratecert.proofs_check.ledger.support import OWN_KEYS
from ratecert.proofs_check.ledger.terms import parse_relation
from ratecert.writing.tidy import tidy

__all__ = [
    "SupportingLemma",
    "builtin_ledgers",
    "constants_of",
    "disagreements",
    "places",
    "read",
    "verified",
]

SUFFIX = ".ledger.toml"


def builtin_ledgers() -> Mapping[str, Traversable]:
    """Return the built-in ledgers by the keys of their papers, in alphabetical order."""
    folder = package_files("ratecert.theory").joinpath("papers")
    found = {p.name.removesuffix(SUFFIX): p for p in folder.iterdir() if p.name.endswith(SUFFIX)}
    return dict(sorted(found.items()))


def read(name: str) -> Mapping[str, Any]:
    """Return the tables of a ledger; where KEY and a path are spelt alike the paper is meant.

    Raises
    ------
    UserError
        Where there is no such ledger, or the file is none.
    """
    builtin = builtin_ledgers()
    if name not in builtin and not os.path.isfile(name):
        raise UserError(
            f"{name}: no such file, and no built-in ledger of that key{nearest(name, builtin)} "
            f"(there are: {', '.join(builtin)})"
        )
    place = builtin[name] if name in builtin else Path(name)
    try:
        with place.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"the file cannot be read: {error.strerror}", name, 1) from None
    try:
        return read_ledger(data)
    except UserError as error:
        raise UserError(error.message, name, 1) from None


def verified(table: Mapping[str, Any], name: str) -> Report:
    """Check a ledger; a UserError names the file."""
    try:
        return check_ledger(table)
    except UserError as error:
        raise UserError(error.message, name, 1) from None


def disagreements(table: Mapping[str, Any]) -> list[str]:
    """Say where a claim in a built-in paper's ledger is not the claim of the paper's file.

    It is about the same problem and method, and so expected to be certified, too.
    """
    if table["key"] not in builtin_papers():
        return []
    known = {claim.id: claim for claim in find([table["key"]]).claims}
    found = []
    for claim in table.get("claim", []):
        own = known.get(claim.get("id"))
        if own is None or own.says != claim.get("says"):
            found.append(f"{table['key']}:{claim.get('id')} says something else in its claim file")
            continue
        stated = _claim_of(claim)
        if sorted(map(str, own.assume)) != sorted(map(str, stated.assume)):
            found.append(f"{own.name} assumes something else in its claim file")
        if own.setting != stated.setting:
            found.append(f"{own.name} has another setting in its claim file")
        if own.expect != stated.expect:
            found.append(f"{own.name} is expected to be {own.expect} by its claim file")
    return found


def _claim_of(table: Mapping[str, Any]) -> Claim:
    """Return a ledger's claim as one of a claim file."""
    return make_claim(**{key: value for key, value in table.items() if key not in OWN_KEYS})


@dataclass(frozen=True, slots=True)
class SupportingLemma:
    """A lemma that supports a claim: as checked, for which features, what is below it.

    `meanings` tell in words what the names of its assumptions mean that have no formula.
    """

    entry: Entry
    features: str
    standing: tuple[str, ...]
    below: tuple[str, ...]
    meanings: tuple[str, ...] = ()


def places(key: str, claim_id: str) -> list[SupportingLemma]:
    """Return the lemmas of the built-in ledger that support a claim; checks the ledger for it.

    Empty, and nothing is checked, where there is no ledger or it does not mention the claim.
    """
    if key not in builtin_ledgers():
        return []
    table = read(key)
    features = {
        c.get("as", claim_id): c.get("features", "gaussian")
        for c in table.get("claim", [])
        if c["id"] == claim_id
    }
    if not features:
        return []
    report = verified(table, key)
    uses = {entry.id: entry.uses for entry in report.entries}
    return [
        SupportingLemma(
            entry, features[entry.supports], report.standing, _below(entry.id, uses),
            _meanings(entry, report),
        )
        for entry in report.entries
        if entry.supports in features
    ]  # fmt: skip


def _meanings(entry: Entry, report: Report) -> tuple[str, ...]:
    """Return what names of the assumptions mean, where the ledger says it in words."""
    names = frozenset().union(*(parse_relation(text).names() for text in entry.assume))
    named = {e.id: e.says for e in report.entries if ": " in e.says}  # no relation has a colon
    return tuple(named[f"{name}.def"] for name in sorted(names) if f"{name}.def" in named)


def constants_of(claim: Claim) -> dict[str, str] | None:
    """Return the constants that a built-in ledger proves for the very statement of a claim.

    ``lower`` and ``upper`` are the c and C of ``c RIGHT <= LEFT <= C RIGHT``, as far as they are
    proved without a citation, and ``where`` is what the ledger assumes beyond the claim: the list
    `given` of its claim, as no lemma supports a claim from more than that.  None where no ledger
    has the statement, in this setting and from no more than these assumptions.
    """
    for key, name, stated, given in _stated():
        if _is_stated(stated, claim):
            found = _constants(_checked(key), name, claim)
            known = {parse_relation(str(condition)) for condition in claim.assume}
            told = ", ".join(text for text in given if parse_relation(text) not in known)
            return found | {"where": told} if found else None
    return None


@cache
def _stated() -> tuple[tuple[str, str, Claim, tuple[str, ...]], ...]:
    """Return key, name, claim and what is given for what built-in ledgers say of the model."""
    return tuple(
        (key, table.get("as", table["id"]), _claim_of(table), tuple(table.get("given", [])))
        for key in builtin_ledgers()
        for table in read(key).get("claim", [])
        if "names" not in table
    )


def _is_stated(stated: Claim, claim: Claim) -> bool:
    """Whether a ledger's claim is the claim itself, from no more assumptions."""
    return (
        claim.objective is None
        and (stated.left, stated.relation, stated.right)
        == (claim.left, claim.relation, claim.right)
        and (stated.setting, stated.sizes) == (claim.setting, claim.sizes)
        and set(map(str, stated.assume)) <= set(map(str, claim.assume))
    )


@cache
def _checked(key: str) -> Report:
    return verified(read(key), key)


def _constants(report: Report, name: str, claim: Claim) -> dict[str, str]:
    """Return c and C, as far as lemmas without a citation support the claim of that name."""
    found = dict[str, str]()
    for entry in report.entries:
        if entry.supports == name and entry.status == "proved":
            says = parse_relation(entry.says)
            is_upper = says.left == claim.left
            bound = says.right if is_upper else says.left
            found["upper" if is_upper else "lower"] = str(tidy(_without(bound, claim.right)))
    return dict(sorted(found.items()))


def _without(bound: Expr, right: Expr) -> Expr:
    """Return the other factors of a bound that holds the right side's."""
    factors = list(bound.factors) if isinstance(bound, Mul) else [bound]
    for factor in right.factors if isinstance(right, Mul) else (right,):
        factors.remove(factor)
    return mul(*factors)


def _below(lemma: str, uses: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return everything that a lemma rests on, in alphabetical order."""
    found: set[str] = set()
    waiting = [lemma]
    while waiting:
        new = set(uses.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return tuple(sorted(found))
