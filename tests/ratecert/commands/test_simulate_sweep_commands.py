"""``ratecert simulate`` and ``ratecert sweep`` as a user meets them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from ratecert.cli import main
from ratecert.numerics.model.problem import Method, Problem
from ratecert.numerics.simulation.simulated import simulated_excess
from ratecert.proofs_check.language.grammar import parse_expr

SMALL = ["simulate", "--set", "a=2,b=3/2", "--M", "4", "--N", "50", "--runs", "40"]
GRID = """
[[grid]]
compute = ["risk", "simulate"]
set = {a = 2, b = [1.5, 2]}
M = 4
N = 50
gamma = [0.1, 2.0]
"""


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run, expect status 2 and nothing on standard output, return what was said."""
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err


def test_simulate_json_has_the_fixed_names_and_the_numbers_of_the_function(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*SMALL, "--seed", "3", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    names = ["runs", "steps", "excess_mean", "excess_se", "excess_exact", "z", "seed", "seconds"]
    assert list(answer) == names
    problem = Problem.parse(parse_expr("i^-a"), parse_expr("i^-b"), {"a": 2.0, "b": 1.5})
    direct = simulated_excess(problem, Method(), 4, 50, runs=40, seed=3)
    for name in names[:-1]:
        assert answer[name] == getattr(direct, name)


def test_simulate_prints_simulated_beside_exact(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--raw", "10", "--draws", "2", "--outputs", "2", "--batch", "2"]) == 0
    out = capsys.readouterr().out
    assert "simulated excess" in out
    assert "(80 runs of 50 steps)" in out
    assert "standard errors" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "a=2"], "b has no value"),
        (["--set", "a=2,b"], "NAME=VALUE"),
        (["--set", "a=2,a=3,b=2"], "--set gives a twice"),
        (["--set", "a=x,b=2"], "--set a: x is no number"),
        (["--set", "a=0.5,b=2"], "diverges"),
        (["--N", "1.5"], "--N must be a whole number"),
        (["--N", "-3"], "between 1 and"),
        (["--N", "0"], "between 1 and"),
        (["--gamma", "9"], "largest stable"),
        (["--gamma", "nan"], "--gamma"),
        (["--runs", "1"], "runs = 1"),
        (["--runs", "10^12"], "take fewer"),
        (["--M", "10^9"], "take fewer"),
        (["--raw", "3"], "at least M = 4"),
        (["--features", "tops"], "features are"),
        (["--engine", "fortran"], "engine = 'fortran'"),
    ],
)
def test_unusable_settings_are_said(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    base = {"--set": "a=2,b=2", "--M": "4", "--N": "50"} | {arguments[0]: arguments[1]}
    assert said in refused(["simulate", *(f"{k}={v}" for k, v in base.items())], capsys)


def test_sweep_fills_the_store_once_and_writes_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid, store, table = tmp_path / "g.toml", tmp_path / "r.sqlite", tmp_path / "r.csv"
    grid.write_text(GRID)
    command = ["sweep", str(grid), "--store", str(store), "--workers", "1", "--csv", str(table)]
    assert main(command) == 0
    assert "8 points: 0 found, 8 computed" in capsys.readouterr().out
    first = table.read_bytes()
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "8 points: 8 found, 0 computed" in out
    assert table.read_bytes() == first
    rows = list(csv.DictReader(first.decode().splitlines()))
    assert [row["compute"] for row in rows] == ["risk"] * 4 + ["simulate"] * 4
    assert [row["status"] for row in rows] == ["done", "refused"] * 4
    assert float(rows[0]["result.excess"]) == float(rows[4]["result.excess_exact"])


def test_unusable_sweeps_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid, store = tmp_path / "g.toml", tmp_path / "r.sqlite"
    command = ["sweep", str(grid), "--store", str(store), "--workers", "1"]
    assert "name a grid file" in refused(command, capsys)
    grid.write_text("[[grid]]\ngama = 1\n")
    assert "did you mean 'gamma'" in refused(command, capsys)
    grid.write_text(GRID)
    assert "--workers" in refused([*command[:-1], "none"], capsys)
    assert "is not a folder" in refused([*command, "--csv", str(tmp_path / "x" / "y")], capsys)
    # Nothing was made before all this was seen.
    assert not store.exists()
    store.write_bytes(b"something else entirely, and long enough" * 10)
    assert "no SQLite file" in refused(command, capsys)
