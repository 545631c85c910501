"""Figures: the same bytes for the same data, and clear words where there can be none."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from ratecert.cli import main
from ratecert.commands.plot import _regimes
from ratecert.numerics.shown.cells import Plane, line, margin, sizes
from ratecert.numerics.shown.curves import Curve, Phases
from ratecert.numerics.shown.ratios import RatioPath as Ratios
from ratecert.proofs_check.language.errors import UserError
from ratecert.show import figures

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="needs the `plots` extra"
)
SVG = "{http://www.w3.org/2000/svg}"


def curve(a: float, slope: float) -> Curve:
    x = np.array([4.0, 16.0, 64.0])
    return Curve(
        a, 1000, x, 2 * x**slope, x[:2], 2.1 * x[:2] ** slope, 0.1 * x[:2] ** slope, slope
    )


def phase_data() -> Phases:
    M, N = np.array([2, 4, 8]), np.array([8, 64, 512, 4096])
    ones = np.ones((3, 4))
    return Phases(2.0, 2.0, 0.1, M, N, ones / M[:, None], ones / N, 0.1 * ones)


CELLS = [
    (("M >= (N_eff*gamma)^(1/a)",), "(N_eff*gamma)^((1-b)/a)"),
    (("(N_eff*gamma)^(1/a) >= M",), "M^(1-b)"),
]
PLANE = Plane.of_exponents([1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0])
PARAMETER_CELLS = [
    (("b < a",), "C^((1-b)/(a+1))"), (("b > a",), "C^((1-b)/(b+1))"), (("b = a",), "log(C)"),
    (("b > 9",), "C"),
]  # fmt: skip


def ratio_data() -> list[Ratios]:
    N = np.array([10, 100, 1000])
    return [Ratios(Fraction(1, 2), N, N, np.array([1.0, 1.1, 1.05]))]


def drawn(kind: str, path: Path) -> bytes:
    figure = {
        "risk": lambda: figures.risk_figure(
            [curve(2, -1), curve(1.5, -0.5)], [curve(2, -0.5), curve(1.5, -0.33)]
        ),
        "phase": lambda: figures.phase_figure(phase_data(), CELLS),
        "cells": lambda: figures.cells_figure("t", PLANE, PARAMETER_CELLS),
        "ratio": lambda: figures.ratio_figure("approx = Theta(M_x$^1)", "a = 2", ratio_data()),
    }[kind]()
    figures.save(figure, path)
    return path.read_bytes()


@needs_matplotlib
@pytest.mark.parametrize(
    ("kind", "ending"),
    [("risk", "svg"), ("phase", "pdf"), ("ratio", "png"), ("cells", "svg")],
)
def test_the_same_data_give_the_same_bytes(kind: str, ending: str, tmp_path: Path) -> None:
    first = drawn(kind, tmp_path / f"one.{ending}")
    second = drawn(kind, tmp_path / f"two.{ending}")
    assert first == second
    assert len(first) > 2000
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"one.{ending}", f"two.{ending}"]


@needs_matplotlib
def test_another_process_another_day_gives_the_same_bytes(tmp_path: Path) -> None:
    here = drawn("ratio", tmp_path / "one.svg")
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]; from pathlib import Path;"
        "from test_figures import drawn; drawn('ratio', Path(sys.argv[1]))"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[3])]
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "two.svg"), *folders],
        check=True, env={**os.environ, "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "86400"},
    )  # fmt: skip
    assert (tmp_path / "two.svg").read_bytes() == here


@needs_matplotlib
def test_an_svg_shows_every_curve_and_every_error_bar(tmp_path: Path) -> None:
    root = ElementTree.fromstring(drawn("risk", tmp_path / "r.svg"))
    ids = [e.get("id", "") for e in root.iter(f"{SVG}g")]
    assert sum(i.startswith("axes_") for i in ids) == 2
    # A panel has two exact curves with two points each, their guides, and the legend.
    assert sum(i.startswith("LineCollection") for i in ids) >= 4
    assert sum(i.startswith("line2d_") for i in ids) > 8


@needs_matplotlib
def test_control_other_data_give_other_bytes(tmp_path: Path) -> None:
    one = tmp_path / "one.svg"
    figures.save(figures.ratio_figure("t", "a = 2", ratio_data()), one)
    other = [Ratios(r.x, r.M, r.N, r.ratio * 1.01) for r in ratio_data()]
    two = tmp_path / "two.svg"
    figures.save(figures.ratio_figure("t", "a = 2", other), two)
    assert one.read_bytes() != two.read_bytes()


@pytest.mark.parametrize("name", ["x.jpeg", "x", "absent/x.svg"])
def test_unusable_file_names_are_refused_before_the_work(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ends in|no such folder"):
        figures.check_path(tmp_path / name)


@needs_matplotlib
def test_a_full_disk_leaves_the_old_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.svg"
    path.write_text("old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(UserError, match="No space left"):
        drawn("phase", path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError, match=r"ratecert\[plots\]"):
        figures.phase_figure(phase_data(), CELLS)
    # Said before the numbers are computed.
    with pytest.raises(UserError, match=r"ratecert\[plots\]"):
        figures.check_path(tmp_path / "x.svg")


CLAIMS = """
[paper]
key = "t"
[defaults]
features = "top"
assume = ["a > 1", "b > 1"]
[[claim]]
id = "approx"
assume = ["b < a + 1"]
says = "approx = Theta(M^(1-b))"
[[claim]]
id = "jth"
says = "eigenvalue(j) = Theta(j^(-a))"
[[claim]]
id = "never"
assume = ["a > 100"]
says = "approx = Theta(M^(1-a))"
"""


@pytest.fixture
def claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    path = folder / "t.claims.toml"
    path.write_text(CLAIMS)
    monkeypatch.setattr("ratecert.io.claim_files.builtin_papers", lambda: {"t": path})
    return path


@needs_matplotlib
def test_plot_draws_a_claim(claims: Path, tmp_path: Path) -> None:
    out = tmp_path / "c.svg"
    assert main(["plot", "t:approx", "--out", str(out), "--set", "a=2,b=1.5"]) == 0
    ElementTree.fromstring(out.read_bytes())


@needs_matplotlib
@pytest.mark.parametrize(
    ("what", "options", "said"),
    [
        ("t:jth", [], "no figure of ratios for a claim about j"),
        ("t:never", [], "give some with --set"),
        ("t", [], "names 3 claims"),
        ("t:absent", [], "absent"),
        ("risk", ["--set", "c=2"], "no parameter 'c'"),
        ("phase", ["--gamma", "x"], "--gamma"),
        ("phase", ["--gamma", "7"], "largest stable"),
    ],
)
def test_impossible_figures_are_refused(
    what: str, options: list[str], said: str, claims: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "c.svg"
    assert main(["plot", what, "--out", str(out), *options]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_margin_is_positive_inside_and_its_zero_level_is_the_boundary() -> None:
    plane = sizes([1.0, 16.0, 81.0], [2.0, 4.0, 9.0], {"a": 2.0}, 0.1)
    inside = margin(plane, ["M >= (N_eff*gamma)^(1/a)"])
    expected = np.log(np.array([[2.0], [4.0], [9.0]]) / np.sqrt([1.0, 16.0, 81.0]))
    np.testing.assert_allclose(inside, np.minimum(expected, 1), atol=1e-12)
    outside = margin(plane, ["(N_eff*gamma)^(1/a) > M"])
    np.testing.assert_allclose(outside, np.minimum(-expected, 1), atol=1e-12)
    both = margin(plane, ["M >= (N_eff*gamma)^(1/a)", "M <= 3"])
    np.testing.assert_allclose(both, np.minimum(inside, np.log(3 / plane.names["M"])), atol=1e-12)
    assert (margin(plane, []) == 1).all()
    with pytest.raises(UserError, match="q has no value"):
        margin(plane, ["q > 1"])


def test_an_equation_is_a_line_unless_it_holds_everywhere() -> None:
    equation = line(PLANE, ["b = a", "a > 1"])
    assert equation is not None
    np.testing.assert_allclose(equation, np.log(PLANE.names["b"] / PLANE.names["a"]))
    assert line(PLANE, ["b > a"]) is None
    assert line(sizes([1.0, 2.0], [1.0], {"a": 2.0, "b": 2.0}, 0.1), ["b = a"]) is None


@needs_matplotlib
def test_a_cell_outside_the_plane_is_not_in_the_legend(tmp_path: Path) -> None:
    figure = figures.cells_figure("t", PLANE, PARAMETER_CELLS)
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 3


@pytest.mark.parametrize(("a", "b"), [(2.0, 1.5), (2.0, 2.0), (2.0, 2.5), (2.0, 3.0), (1.5, 4.0)])
def test_the_phase_figure_has_a_regime_everywhere(a: float, b: float) -> None:
    n, M = [2.0, 30.0, 4000.0], [2.0, 20.0, 500.0]
    plane = sizes(n, M, {"a": a, "b": b}, 0.1)
    cells = [when for when, _ in _regimes(a, b) if line(plane, when) is None]
    assert (np.max([margin(plane, when) for when in cells], axis=0) > -1e-12).all()
