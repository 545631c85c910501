"""``ratecert risk``: numbers, JSON, and what bad input is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ratecert.cli import main
from ratecert.numerics.risk.expected import expected_risk

TOP = ["risk", "--set", "a=2,b=3", "--M", "30", "--N", "10^4", "--features", "top"]


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def test_json_of_top_features(capsys: pytest.CaptureFixture[str]) -> None:
    data = _json(capsys, *TOP, "--gamma", "3/10", "--sigma2", "1/2")
    assert set(data) == {
        "M", "N", "irreducible", "approx", "bias", "mean_bias", "variance", "excess", "risk",
        "method", "relative_error", "errors", "se", "seconds",
    }  # fmt: skip
    same = expected_risk(30, 10**4, values={"a": 2, "b": 3}, gamma=0.3, sigma2=0.5, features="top")
    for part in ("M", "N", "approx", "bias", "variance", "relative_error", "risk"):
        assert data[part] == getattr(same, part)  # all 17 digits survive
    assert data["irreducible"] == 0.5
    assert data["se"] is None
    assert data["excess"] == data["bias"] + data["variance"]
    assert data["risk"] == data["irreducible"] + data["approx"] + data["excess"]


def test_json_of_sketches_has_standard_errors(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["risk", "--set", "a=2", "--set", "b=2", "--M", "12", "--N", "100", "--draws", "3"]
    data = _json(capsys, *arguments)
    assert set(data["se"]) == {"approx", "bias", "variance", "excess", "risk"}
    assert (data["draws"], data["unstable_draws"]) == (3, 0)
    again, other = _json(capsys, *arguments), _json(capsys, *arguments, "--seed", "1")
    assert again["risk"] == data["risk"] != other["risk"]


def test_all_options(capsys: pytest.CaptureFixture[str]) -> None:
    data = _json(
        capsys, "risk", "--set", "c=3/2", "--M", "9", "--N", "50", "--gamma", "0.05",
        "--spectrum", "i^-1*log(i+1)^-2", "--target", "2*i^-c", "--algorithm", "averaged-sgd",
        "--schedule", "constant", "--batch", "4", "--outputs", "2", "--features", "top",
        "--sigma2", "0",
    )  # fmt: skip
    same = expected_risk(
        9, 50, spectrum="i^-1*log(i+1)^-2", target="2*i^-(3/2)",
        gamma=0.05, sigma2=0.0, algorithm="averaged-sgd", schedule="constant", batch=4, outputs=2,
        features="top",
    )  # fmt: skip
    assert data["risk"] == same.risk


def test_the_text_names_parts_sketches_and_unstable_draws(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["risk", "--set", "a=2,b=2", "--M", "30", "--N", "100", "--gamma", "0.6"]) == 0
    out = capsys.readouterr().out
    assert "unstable" in out
    for part in ("irreducible", "approx", "bias", "variance", "excess", "risk"):
        assert part in out
    assert main(["risk", "--set", "a=2,b=2", "--M", "10^9", "--N", "10^12"]) == 0
    assert "deterministic equivalent" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--M", "0"], "M must be a whole number"),
        (["--N", "0"], "N must lie between"),
        (["--N", "2.5"], "--N must be a whole number"),
        (["--N", "x"], "--N"),
        (["--gamma", "0"], "positive"),
        (["--gamma", "nan"], "--gamma"),
        (["--gamma", "1/0"], "divides by zero"),
        (["--gamma", "40"], "take gamma below"),
        (["--sigma2", "-1"], "sigma^2"),
        (["--set", "a"], "NAME=VALUE"),
        (["--set", "a=3"], "twice"),
        (["--spectrum", "i^-1"], "diverges"),
        (["--spectrum", "i^-q"], "q has no value"),
        (["--spectrum", "i^"], "i^"),
        (["--features", "tip"], "gaussian or top"),
        (["--schedule", "linear"], "schedules are"),
        (["--algorithm", "adam"], "algorithms are"),
        (["--batch", "0"], "batch"),
        (["--outputs", "1.5"], "--outputs"),
        (["--draws", "3"], "not random"),
        (["--features", "gaussian", "--draws", "-1"], "not negative"),
        (["--features", "gaussian", "--seed", "-1"], "seed"),
    ],
)
def test_bad_input_is_explained_with_status_2(
    change: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*TOP, *change, "--json"]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
