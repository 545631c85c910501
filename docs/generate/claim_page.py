"""The page of one statement: everything that its certificate and those of its controls hold."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice

from sympy import latex as sympy_latex

from generate import evidence, regimes
from generate.markdown import bar, html, one_table, sections, shifted, slug
from generate.verdicts import Judged, title_of
from ratecert.explain.sharp import Sharp, sharp_constants
from ratecert.proofs_check.language.claim import Paper
from ratecert.proofs_check.language.expr import Name, Num, Pow, mul
from ratecert.proofs_check.language.grammar import parse_condition, parse_expr
from ratecert.proofs_check.language.statement import Condition
from ratecert.proofs_check.verdict.certificate import Certificate, Light, Verdict
from ratecert.theory.expansions.asymptotics import N_eff
from ratecert.writing.mathtext import condition, latex
from ratecert.writing.page import Block, Paragraph, line, markdown_words, math, to_markdown
from ratecert.writing.tables import Math, TableCell, Text
from ratecert.writing.tidy import tidy

__all__ = ["claim_page", "statement_of"]


def claim_page(paper: Paper, judged: Judged, controls: Sequence[Judged]) -> str:
    """Return the page of a statement and its controls."""
    claim, certificate = judged.claim, judged.certificate
    where = f" ({claim.where})" if claim.where else ""
    parts = [
        f"(claim-{slug(claim.name)})=\n",
        f"# {markdown_words(title_of(claim) + where)}\n",
        f"`{claim.name}`, a statement of {{doc}}`{paper.key} <index>`.\n",
        bar(certificate),
        _reason(certificate),
        statement_of(judged, certified=certificate.claim.expect == "certified"),
        f"*{markdown_words(claim.note)}.*\n" if claim.note else "",
        _regimes(certificate),
        _derivation(judged),
        _constant(certificate),
        _ladder(certificate),
        _exact(certificate),
        _simulation(certificate),
        _trust(judged),
        _controls(controls),
        _certificate(claim.name),
    ]
    return "\n".join(part for part in parts if part)


def _reason(certificate: Certificate) -> str:
    return f"{markdown_words(certificate.reason)}.\n" if certificate.reason else ""


def statement_of(judged: Judged, *, certified: bool = True, page: str = "claim") -> str:
    """Return the statement with its setting and assumptions, as a theorem or a conjecture."""
    first = sections(judged.page.blocks)[0][1]
    kind = "theorem" if certified else "conjecture"
    title = markdown_words(title_of(judged.claim))
    label = f"{page}-says-{slug(judged.claim.name)}"
    body = to_markdown(list(islice(first, 1, None)))
    return f"::::{{prf:{kind}}} {title}\n:nonumber:\n:label: {label}\n\n{body}\n::::\n"


def _middle(judged: Judged) -> list[tuple[str, list[Block]]]:
    return sections(judged.page.blocks)[1:-1]


def _regimes(certificate: Certificate) -> str:
    if not certificate.regimes:
        if not certificate.derived:
            return ""
        order = _order_told("In all regimes the order is ", certificate.derived)
        return f"## Regimes\n\n{order}\n"
    return f"## Regimes\n\n{regimes.table(certificate)}\n{regimes.picture(certificate)}\n"


def _order_told(words: str, order: str) -> str:
    return to_markdown([Paragraph(line(words, math(parse_expr(order)), "."))])


def _derivation(judged: Judged) -> str:
    found = _middle(judged)
    if judged.certificate.derivation is None:
        found = sections(judged.page.blocks)[1:]
    steps = "\n".join(shifted(title, blocks, 3) for title, blocks in found)
    return (
        "## Derivation\n\nFound by the search, checked step by step by `proofs_check`.\n\n"
        f"{steps}\n"
    )


def _constant(certificate: Certificate) -> str:
    forms = sharp_constants(certificate.claim)
    parts = [
        _certified_constants(certificate),
        *(_sharp(f, _is_sharp(certificate)) for f in forms),
    ]
    told = "\n".join(part for part in parts if part) or (
        "None is derived for this quantity in this setting: the claim is about orders. The "
        "ladders below show between which values the ratio of the two sides lay.\n"
    )
    return f"## Sharp constant\n\n{told}"


def _is_sharp(certificate: Certificate) -> bool:
    return certificate.claim.relation == "~" and certificate.verdict is Verdict.CERTIFIED


def _certified_constants(certificate: Certificate) -> str:
    if _is_sharp(certificate):
        return "The statement is about the constant itself, and certified with it.\n"
    known = dict(certificate.constants or {})
    if not known:
        return ""
    chain = [r"\text{left}/\text{right}"]
    if "lower" in known:
        chain.insert(0, math(parse_expr(known["lower"])).latex)
    if "upper" in known:
        chain.append(math(parse_expr(known["upper"])).latex)
    conditions = (c for text in known["where"].split(", ") for c in parse_condition(text))
    where = ", ".join(f"${condition(c)}$" for c in conditions)
    steps = r"with $N_{\mathrm{eff}} = N/\log N$"
    bounds = r" \le ".join(chain)
    return f"Proved in the ledger, for {where}, {steps}:\n\n$$\n{bounds}\n$$\n"


def _sharp(known: Sharp, is_certified: bool) -> str:
    """Return a leading term with its constant, and what the exact risk makes of it."""
    form = sympy_latex(known.asymptotic.form, symbol_names={N_eff: r"N_{\mathrm{eff}}"})
    noise = r"\sigma^2\," if known.part == "variance" else ""
    told = [_limit(c) for text in known.asymptotic.when for c in parse_condition(text)
            if c.op == ">="]  # fmt: skip
    regime = f", for {' and '.join(told)}" if told else ""
    if N_eff in known.asymptotic.exponents:
        regime += r", with $N_{\mathrm{eff}} = N/\log_2 N$"
    rows = (
        (*evidence.place_cells({name: str(value) for name, value in seen.values.items()},
                               seen.sizes),
         Text(f"{seen.exact:.6g}"), Text(f"{seen.ratio:.6f}"))
        for seen in known.seen
    )  # fmt: skip
    status = "apart from the proof of the statement" if is_certified else "not certified"
    exact = "exact, per unit noise" if known.part == "variance" else "exact"
    return (
        f"$$\n{latex(Name(known.part))} \\sim {noise}{form}\n$$\n\n"
        f"Derived in `ratecert.theory.expansions.asymptotics`{regime}; {status}. "
        "The exact risk beside it:\n\n"
        f"{one_table(('parameters', 'sizes', exact, 'exact/form'), rows)}"
    )


def _limit(where: Condition) -> str:
    """Return what ``left >= right`` between sizes becomes where a ratio has to tend to 1."""
    quotient = mul(where.left, Pow(where.right, Num(Fraction(-1))))
    return f"${latex(tidy(quotient), inline=True)} \\to \\infty$"


def _leg(certificate: Certificate, leg: str, title: str, body: str) -> str:
    """Return the section of a numeric leg: its light, its own words, what it saw."""
    found = evidence.of_leg(certificate, leg)
    told = f"**{found.light}**: {markdown_words(found.summary)}.\n"
    return f"## {title}\n\n{told}\n{'' if found.light is Light.NA else body}"


def _ladder(certificate: Certificate) -> str:
    return _leg(certificate, "enclosure", "Ladder of enclosures", evidence.enclosures(certificate))


def _exact(certificate: Certificate) -> str:
    body = evidence.exact_values(certificate)
    return (
        _leg(certificate, "exact", "Exact risk against the rate", body)
        + "\n"
        + (evidence.figure(certificate))
    )


def _simulation(certificate: Certificate) -> str:
    return _leg(certificate, "simulation", "Simulation", evidence.simulations(certificate))


def _trust(judged: Judged) -> str:
    items = judged.certificate.trust
    if judged.certificate.derivation is None:
        return ""
    told = "".join(f"- {markdown_words(item)}\n" for item in items) or "Nothing.\n"
    return f"## What this rests on and did not prove\n\n{told}"


# Controls.


def _controls(controls: Sequence[Judged]) -> str:
    if not controls:
        return ""
    told = (
        "False neighbours of the statement. A checker that accepted one of them would be broken; "
        "each is refuted with a witness.\n"
    )
    return f"## Controls\n\n{told}\n" + "\n".join(map(_control, controls))


def _control(judged: Judged) -> str:
    claim, certificate = judged.claim, judged.certificate
    parts = [
        f"(claim-{slug(claim.name)})=\n",
        f"### {markdown_words(claim.id)}\n",
        bar(certificate),
        statement_of(judged, certified=False),
        f"*{markdown_words(claim.note)}.*\n" if claim.note else "",
        _witness(judged),
    ]
    return "\n".join(part for part in parts if part)


def _witness(judged: Judged) -> str:
    certificate, witness = judged.certificate, judged.certificate.witness
    if witness is None:
        return f"{markdown_words(certificate.reason)}.\n"
    steps = [block for _, blocks in _middle(judged) for block in blocks]
    values, path = evidence.place_cells(witness["values"], witness["path"])
    rows = ((math(parse_expr(row["t"])), Text(row["ratio"]), Text(row["radius"]))
            for row in witness["ratios"])  # fmt: skip
    conclusion = to_markdown(_middle(judged)[-1][1][-1:])
    ratios = one_table(("t", "left/right", "radius"), rows)
    return (
        f"Witness: {_inline(values)}, along {_inline(path)}. {conclusion}\n{ratios}\n"
        f"{html('<details><summary>The refutation, step by step</summary>')}\n"
        f"{to_markdown(steps)}\n{html('</details>')}"
    )


def _inline(cell: TableCell) -> str:
    return f"${cell.latex}$" if isinstance(cell, Math) else markdown_words(cell.words)


def _certificate(name: str) -> str:
    file = f"{slug(name.partition(':')[2])}.json"
    return (
        "## Certificate\n\n"
        f"{{download}}`{file}` holds the claim and its derivation as data; "
        f"`ratecert check {file}` checks it again, without SymPy, NumPy or SciPy.\n"
    )
