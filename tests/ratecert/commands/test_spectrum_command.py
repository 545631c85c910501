"""``ratecert spectrum``: files in, one table or one JSON object out, messages for the rest."""

import json
from pathlib import Path

import numpy as np
import pytest

from ratecert.cli import main


@pytest.fixture
def table() -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 6)) * np.arange(1, 7.0) ** -1
    return np.column_stack([x, x.sum(axis=1) + rng.standard_normal(300)])


def test_a_numpy_file_as_json(tmp_path: Path, table: np.ndarray, capsys) -> None:
    file = tmp_path / "data.npy"
    np.save(file, table)
    assert main(["spectrum", str(file), "--splits", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["features"], found["outputs"]) == (300, 6, 1)
    assert len(found["eigenvalues"]) == 6
    assert found["a"] is None  # six eigenvalues are no decade
    assert found["within"] == all(abs(p["ratio"] - 1) <= 0.15 for p in found["curve"])
    assert main(["spectrum", str(file), "--splits", "3", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert {**again, "seconds": 0} == {**found, "seconds": 0}


def test_a_csv_file_with_a_header_and_classes(tmp_path: Path, table: np.ndarray, capsys) -> None:
    file = tmp_path / "data.csv"
    table[:, 0] = table[:, 0] > 0
    np.savetxt(file, table, delimiter=",", header="kind,b,c,d,e,f,g", comments="")
    assert main(["spectrum", str(file), "--target", "kind", "--classes", "--splits", "3"]) == 0
    out = capsys.readouterr().out
    assert "300 rows, 6 features, 2 outputs" in out
    assert "a: no power law here" in out
    assert max(map(len, out.splitlines()[1:])) < 110  # the first names the file
    assert main(["spectrum", str(file), "--target", "1", "--classes", "--splits", "3"]) == 0
    assert capsys.readouterr().out == out


def test_a_kernel_on_data(tmp_path: Path, table: np.ndarray, capsys) -> None:
    file = tmp_path / "data.npy"
    np.save(file, table)
    assert main(["spectrum", str(file), "--kernel", "ntk", "--splits", "2", "--gamma", "1/9"]) == 0
    out = capsys.readouterr().out
    assert "225 rows" in out
    assert "kernel ntk" in out
    assert "step size 0.1111" in out


@pytest.mark.parametrize(
    ("content", "arguments", "problem"),
    [
        (None, [], "data.csv: No such file"),
        (b"a,b\n1,2\n3,x\n", [], "data.csv:3: a cell here is not a number"),
        (b"1,2\n3\n", [], "data.csv:2: 1 cells here, 2 before"),
        (b"a,b\n1\n", [], "data.csv:2: 1 cells here, 2 before"),
        (b"", [], "at least two numbers"),
        (b"1\n2\n", [], "at least two numbers"),
        (b"1,2\n3,nan\n", [], "row 2 holds a number that is not finite"),
        (b"\xff\xfe", [], "not UTF-8"),
        (b"1,2\n3,4\n", [], "2 rows are too few"),
        (b"a,b\n1,2\n", ["--target", "c"], "no such column; give a number from 1 to 2, or one of"),
        (b"1,2\n", ["--target", "3"], "no such column"),
        (b"1,2\n", ["--splits", "1"], "--splits must be at least 2"),
        (b"1,2\n", ["--kernel", "rbff"], "did you mean rbf?"),
    ],
)
def test_unusable_input_is_told(tmp_path: Path, content, arguments, problem, capsys) -> None:
    file = tmp_path / "data.csv"
    if content is not None:
        file.write_bytes(content)
    assert main(["spectrum", str(file), *arguments]) == 2
    error = capsys.readouterr().err
    assert problem in error
    assert "Traceback" not in error


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY"])
def test_broken_numpy_files_are_told(tmp_path: Path, content: bytes, capsys) -> None:
    file = tmp_path / "data.npy"
    file.write_bytes(content)
    assert main(["spectrum", str(file)]) == 2
    assert "no .npy file" in capsys.readouterr().err


def rows(count: int = 120) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 3)) / [1, 2, 3]
    return np.column_stack([x, x.sum(axis=1) + rng.normal(size=count)])


@pytest.mark.parametrize("kernel", [[], ["--kernel", "rbf"], ["--kernel", "ntk"]])
@pytest.mark.parametrize(
    ("factors", "problem"),
    [
        (1e160, "the features are numbers of size"),
        (1e306, "the features are numbers of size"),
        (1e-160, "the features are numbers of size"),
        (5e-324, "the features are numbers of size"),
        ([1, 1e100, 1, 1], "the features are numbers of size"),
        ([1, 1, 1, 1e200], "the labels are numbers of size"),
        ([1, 1, 1, 1e-200], "the labels are numbers of size"),
    ],
)
def test_numbers_beyond_double_precision(
    factors: float | list[float], problem: str, kernel: list[str], tmp_path: Path, capsys
) -> None:
    np.save(tmp_path / "data.npy", np.rint(rows() * 10) * factors)
    assert main(["spectrum", str(tmp_path / "data.npy"), "--splits", "2", *kernel]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("factor", [1e55, 1e-55])
def test_numbers_within_double_precision(factor: float, tmp_path: Path, capsys) -> None:
    """Predicted and actual risk scale as the square of the labels, and are what they were."""
    found = []
    for scale in (1.0, factor):
        np.save(tmp_path / "data.npy", rows() * scale)
        assert main(["spectrum", str(tmp_path / "data.npy"), "--splits", "2", "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
    for one, other in zip(found[0]["curve"], found[1]["curve"], strict=True):
        assert other["ratio"] == pytest.approx(one["ratio"])
        assert other["predicted"] == pytest.approx(one["predicted"] * factor**2)
    assert found[1]["fourth_moment"] == pytest.approx(found[0]["fourth_moment"])


@pytest.mark.parametrize("kernel", [[], ["--kernel", "laplace"], ["--kernel", "arc-cosine"]])
@pytest.mark.parametrize("count", [0, 1, 3, 39, 60])
def test_too_few_rows(count: int, kernel: list[str], tmp_path: Path, capsys) -> None:
    np.save(tmp_path / "data.npy", rows(count))
    assert main(["spectrum", str(tmp_path / "data.npy"), *kernel]) == 2
    assert "rows are too few" in capsys.readouterr().err


def test_a_kernel_without_finite_values(tmp_path: Path, capsys) -> None:
    pytest.importorskip("sklearn")
    np.save(tmp_path / "data.npy", rows())
    assert main(["spectrum", str(tmp_path / "data.npy"), "--kernel", "matern(1000)"]) == 2
    assert "values on these rows that are not finite" in capsys.readouterr().err


def test_an_archive_of_arrays_is_refused(tmp_path: Path, capsys) -> None:
    with (tmp_path / "data.npy").open("wb") as stream:
        np.savez(stream, rows())
    assert main(["spectrum", str(tmp_path / "data.npy")]) == 2
    assert "an archive of arrays" in capsys.readouterr().err


def test_objects_and_other_names_are_refused(tmp_path: Path, capsys) -> None:
    file = tmp_path / "data.npy"
    np.save(file, np.array([[1j, 2]]))
    assert main(["spectrum", str(file)]) == 2
    assert "real numbers" in capsys.readouterr().err
    assert main(["spectrum", "digit"]) == 2
    assert "give a .npy or .csv file, or digits or diabetes" in capsys.readouterr().err


def test_digits_within_15_percent(capsys) -> None:
    pytest.importorskip("sklearn")
    assert main(["spectrum", "digits", "--splits", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["within"]
    assert found["outputs"] == 10
    assert (found["a"]["from"], found["a"]["to"]) == (2, 25)
    assert found["b"] is None
