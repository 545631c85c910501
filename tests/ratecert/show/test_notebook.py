"""Certificates in a notebook, with a stand-in for IPython."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import hand_made
import pytest

import ratecert
from ratecert.proofs_check.files.read import make_claim
from ratecert.proofs_check.verdict.certificate import Certificate
from ratecert.show.notebook import certificate_latex, register


def with_shell(monkeypatch: pytest.MonkeyPatch, shell: Any) -> None:
    module = ModuleType("IPython")
    module.get_ipython = lambda: shell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", module)


def test_shows_statement_and_verdict() -> None:
    claim = make_claim("approx = Theta(M^(1-a))", ["a > 1", "b = a"], id="open")
    assert certificate_latex(hand_made.certify(claim)) == (
        r"$\displaystyle \begin{gathered} \mathrm{approx} = \Theta(M^{1 - a}) \\ "
        r"\text{where } a > 1,\ b = a \\ \textbf{undecided} \\ "
        r"\text{told by the id, at level quick} \end{gathered}$"
    )
    bare = make_claim("M = O(M)", id="fine")
    shown = certificate_latex(hand_made.certify(bare))
    assert shown.endswith(r"M = O(M) \\ \textbf{certified} \end{gathered}$")


def test_registers_with_a_running_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[type, Any] = {}
    latex = SimpleNamespace(for_type=known.__setitem__)
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/latex": latex}))
    with_shell(monkeypatch, shell)
    importlib.reload(ratecert)
    assert known == {Certificate: certificate_latex}


def test_without_a_shell_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    register()
    with_shell(monkeypatch, None)
    register()
