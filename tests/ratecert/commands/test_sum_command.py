"""The command ``ratecert sum``, as a module."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from fractions import Fraction

import pytest

from ratecert.commands import sum as command
from ratecert.proofs_check.language.errors import UserError


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    command.arguments(parser)
    return command.run(parser.parse_args(words))


def test_prints_a_ball(capsys):
    assert run("i^-2", "--over", "i=1..3", "--digits", "10") == 0
    midpoint, radius = capsys.readouterr().out.strip().split(" ± ")
    assert abs(Fraction(midpoint) - Fraction(49, 36)) <= Fraction(radius)


def test_json_holds_what_the_interface_promises(capsys):
    values = "a=1.5, t=10^6, M=10^12"
    assert run("i^-a*exp(-2*t*i^-a)", "--over", "i=1..M", "--set", values, "--json") == 0
    out = capsys.readouterr().out
    answer = json.loads(out)
    assert list(answer) == ["midpoint", "radius", "digits", "seconds"]
    assert answer["digits"] == 50
    midpoint, radius = Fraction(answer["midpoint"]), Fraction(answer["radius"])
    assert 0 < radius <= abs(midpoint) / 10**48


def test_infinite_sum(capsys):
    assert run("k^-2", "--over", "k=1..oo", "--digits", "20") == 0
    assert capsys.readouterr().out.startswith("1.64493406684822643647")


def test_from_python_values_are_numbers_or_text():
    expected = command.enclose("i^-a", "i=1..10", {"a": Fraction(3, 2)}, 20)
    assert command.enclose("i^-a", "i=1..10", {"a": "1.5"}, 20) == expected
    assert command.enclose("i^-2", "i=1..10", {}, 20) == command.enclose(
        "i^-a", "i=1..10", {"a": 2}, 20
    )
    with pytest.raises(UserError, match="exact"):
        command.enclose("i^-a", "i=1..10", {"a": 1.5}, 20)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["i^-2", "--over", "i=5..3"], "lower bound"),
        (["i^-2", "--over", "i=0..3"], "finite"),
        (["1/i", "--over", "i=1..oo"], "diverges"),
        (["i^-2", "--over", "i=1"], "write index and bounds"),
        (["i^-2", "--over", "1..3"], "write index and bounds"),
        (["i^-2", "--over", "i+1=1..3"], "no name for an index"),
        (["i^-2", "--over", "pi=1..3"], "no name for an index"),
        (["i^-a", "--over", "i=1..3"], "a has no value"),
        (["i^-a", "--over", "i=1..3", "--set", "a"], "NAME=VALUE"),
        (["i^-a", "--over", "i=1..3", "--set", "a=2,a=3"], "twice"),
        (["i^-a", "--over", "i=1..3", "--set", "a=sqrt(2)"], "exact rational"),
        (["i^-a", "--over", "i=1..3", "--set", "a=nan"], "exact rational"),
        (["i^-2", "--over", "i=1..3", "--digits", "1000000"], "digits"),
        (["i^-2", "--over", "i=1..3", "--digits", "-5"], "whole number"),
        (["i^-2", "--over", "i=1..3", "--digits", "ten"], "whole number"),
        (["i^^2", "--over", "i=1..3"], "^"),
    ],
)
def test_unusable_input_is_an_error_of_the_user(words, message):
    with pytest.raises(UserError) as error:
        run(*words)
    assert message in str(error.value)


def test_declaring_the_arguments_imports_nothing_heavy():
    code = (
        "import sys, argparse; from ratecert.commands import sum as c; "
        "c.arguments(argparse.ArgumentParser()); "
        "print([m for m in ('flint', 'mpmath', 'numpy', 'sympy', 'numerics') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
