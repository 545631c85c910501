"""Sweeps: every point is computed once, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sweep_points
from hypothesis import given
from hypothesis import strategies as st

from ratecert.numerics.sweeps import sweep as module
from ratecert.numerics.sweeps.grid import points_of
from ratecert.numerics.sweeps.store import Row, Store, csv_text, key_of
from ratecert.numerics.sweeps.sweep import Tally, code_version, dask, processes, sweep
from ratecert.proofs_check.language.errors import UserError

TESTS = Path(__file__).parents[2]
DEFAULTS: dict[str, Any] = {"features": "gaussian", "set": {}, "gamma": 0.1, "M": 10, "seed": 0}


def numbers(n: int) -> list[dict[str, Any]]:
    return [{"n": k} for k in range(n)]


# Grids.


def test_a_table_stands_for_all_combinations_and_tables_for_their_union() -> None:
    text = b"""
        [[grid]]
        set = {a = [1.5, 2], b = 2}
        M = [4, 8]
        [[grid]]
        set = {a = 2, b = 2}
        M = [8, 16]
        gamma = 1
    """
    points = points_of(text, "g.toml", DEFAULTS)
    assert len(points) == 6
    assert points[0] == {
        "features": "gaussian", "set": {"a": 1.5, "b": 2.0}, "gamma": 0.1, "M": 4, "seed": 0,
    }  # fmt: skip
    assert points[-1]["gamma"] == 1.0
    assert isinstance(points[-1]["gamma"], float)


def test_equal_points_are_one() -> None:
    text = b"[[grid]]\nM = [4, 4, 8]\n[[grid]]\nM = [8, 4]\ngamma = 0.1\n"
    assert [p["M"] for p in points_of(text, "g.toml", DEFAULTS)] == [4, 8]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[[grid]\n", "not TOML"),
        (b"a = 1\n\xff", "g.toml:2: this is not TOML"),
        (b"", "at least one table"),
        (b"[grid]\nM = 3", "at least one table"),
        (b"format = 2\n[[grid]]", "reads format 1"),
        (b"[[grids]]\nM = 3", "did you mean 'grid'"),
        (b"[[grid]]\ngama = 3", "g.toml:2: unknown key 'gama'; did you mean 'gamma'"),
        (b"[[grid]]\n[[grid]]\nM = [3,\n4,\nx]", "g.toml:5"),
        (b"[[grid]]\n[[grid]]\nM = [3,\n4,\n'x']", "g.toml:5: M: 'x' is not a whole number"),
        (b"[[grid]]\nzzz = 3", "known are features"),
        (b"[[grid]]\nM = 3.5", "M: 3.5 is not a whole number"),
        (b"[[grid]]\nM = true", "M: True is not a whole number"),
        (b"[[grid]]\nM = []", "empty"),
        (b"[[grid]]\ngamma = nan", "no finite number"),
        (b"[[grid]]\ngamma = [0.1, inf]", "no finite number"),
        (b"[[grid]]\nfeatures = 3", "3 is not text"),
        (b"[[grid]]\nset = 3", "set: this must be a table"),
        (b"[[grid]]\nset = {a = true}", "set.a: True is not a number"),
    ],
)  # fmt: skip
def test_unusable_grids_are_refused_with_their_place(text: bytes, said: str) -> None:
    with pytest.raises(UserError, match=said) as error:
        points_of(text, "g.toml", DEFAULTS)
    assert str(error.value).startswith("g.toml:")


def test_a_grid_beyond_all_bounds_is_refused() -> None:
    many = list(range(1100))
    text = f"[[grid]]\nset = {{a = {many}, b = {many}}}".encode()
    with pytest.raises(UserError, match="split the grid"):
        points_of(text, "g.toml", DEFAULTS)
    text = f"[[grid]]\nM = {many}\nseed = {many}".encode()
    with pytest.raises(UserError, match="split the grid"):
        points_of(text, "g.toml", DEFAULTS)


@given(
    st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False))
)
def test_keys_do_not_depend_on_the_order_of_names(point: dict[str, float]) -> None:
    turned = dict(reversed(point.items()))
    assert key_of(point, "v") == key_of(turned, "v") != key_of(point, "w")


def test_the_code_has_a_fingerprint() -> None:
    assert code_version() == code_version()
    assert len(code_version()) == 16


# Sweeping.


def test_every_point_is_stored_once_and_found_again(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with ThreadPoolExecutor(2) as pool, Store(tmp_path / "r.sqlite") as store:
        first = sweep(
            numbers(20), sweep_points.square, store, pool, progress=lambda *p: seen.append(p)
        )
        again = sweep(numbers(25), sweep_points.square, store, pool)
        rows = {row.point["n"]: row for row in store}
    assert (first, again) == (Tally(0, 20, 1), Tally(20, 5, 0))
    assert seen == [(k, 20) for k in range(21)]
    assert rows[7].result == {"square": 49}
    assert (rows[13].status, rows[13].result) == ("refused", {"error": "13 is not squared here"})


def test_other_code_computes_again(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool, Store(tmp_path / "r.sqlite") as store:
        sweep(numbers(3), sweep_points.square, store, pool, code="one")
        assert sweep(numbers(3), sweep_points.square, store, pool, code="two").done == 3
        assert len(store) == 6


def test_worker_processes_give_the_same_table(tmp_path: Path) -> None:
    with processes(2) as pool, Store(tmp_path / "one.sqlite") as store:
        sweep(numbers(20), sweep_points.square, store, pool)
        one = list(store)
    with ThreadPoolExecutor(3) as pool, Store(tmp_path / "two.sqlite") as store:
        sweep(list(reversed(numbers(20))), sweep_points.square, store, pool)
        assert list(store) == one


def test_the_store_is_closed_to_a_second_writer(tmp_path: Path) -> None:
    with Store(tmp_path / "r.sqlite"), pytest.raises(UserError, match="another process"):
        Store(tmp_path / "r.sqlite")
    Store(tmp_path / "r.sqlite").close()


def test_a_dying_worker_ends_the_sweep_and_loses_nothing(tmp_path: Path) -> None:
    with Store(tmp_path / "r.sqlite") as store:
        with pytest.raises(UserError, match="a worker died"), processes(1) as pool:
            sweep(numbers(20), sweep_points.dies, store, pool)
        assert len(store) <= 19
        with processes(1) as pool:
            tally = sweep(numbers(5), sweep_points.dies, store, pool)
        assert (tally.found + tally.done, tally.refused) == (5, 0)


def test_our_own_fault_is_not_dressed_up(tmp_path: Path) -> None:
    with Store(tmp_path / "r.sqlite") as store, ThreadPoolExecutor(1) as pool:
        with pytest.raises(ZeroDivisionError):
            sweep(numbers(3), sweep_points.broken, store, pool)
        assert len(store) == 0


class _Interrupting(Executor):
    """Runs at once; the third point meets a Ctrl-C."""

    calls = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls += 1
        if self.calls == 3:
            raise KeyboardInterrupt
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_an_interrupt_says_what_was_reached(tmp_path: Path) -> None:
    with Store(tmp_path / "r.sqlite") as store:
        with pytest.raises(KeyboardInterrupt, match=r"2 of 5 points are in .*r\.sqlite"):
            sweep(numbers(5), sweep_points.square, store, _Interrupting(), ahead=1)
        assert len(store) == 2


SCRIPT = """
import sys
sys.path[:0] = {paths!r}
import sweep_points
from ratecert.numerics.sweeps.store import Store
from ratecert.numerics.sweeps.sweep import processes, sweep
if __name__ == "__main__":
    with processes(2) as pool, Store(sys.argv[1]) as store:
        sweep([{{"n": k}} for k in range({n})], sweep_points.{evaluate}, store, pool, code="c",
              progress=lambda held, total: print(held, flush=True))
"""


def script(tmp_path: Path, n: int, evaluate: str, before: str = "") -> Path:
    here = Path(__file__).parents[2]
    path = tmp_path / "run_sweep.py"
    text = SCRIPT.format(paths=[str(here), str(here.parent)], n=n, evaluate=evaluate)
    path.write_text(before + text)
    return path


def test_killed_five_times_it_loses_nothing_and_computes_nothing_twice(tmp_path: Path) -> None:
    path, log, n = tmp_path / "r.sqlite", tmp_path / "log", 90
    log.mkdir()
    command = [sys.executable, str(script(tmp_path, n, "logged")), str(path)]
    environment = {**os.environ, "SWEEP_LOG": str(log)}
    acknowledged: set[int] = set()
    for kill in range(5):
        before = {int(f.name): f.read_text() for f in log.iterdir()}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            goal = len(acknowledged) + 10 + kill
            while int(process.stdout.readline()) < goal:
                pass
            process.kill()
            said = [goal, *map(int, process.stdout.read().split())]
        workers_end(log)
        with Store(path) as store:
            stored = {row.point["n"] for row in store}
        # What was acknowledged is there (the last row may have been written and not reported).
        assert max(said) <= len(stored) <= max(said) + 1
        assert acknowledged < stored
        # What had been acknowledged before was not computed again.
        assert all((log / str(k)).read_text() == before[k] for k in acknowledged)
        acknowledged = stored
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    with Store(path) as store:
        resumed = list(store)
    assert [row.point["n"] for row in sorted(resumed, key=lambda r: r.point["n"])] == [*range(n)]
    undisturbed = tmp_path / "u.sqlite"
    subprocess.run([*command[:2], str(undisturbed)], env=environment, check=True,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    with Store(undisturbed) as store:
        assert list(store) == resumed
        assert csv_text(store) == csv_text(resumed)


def workers_end(log: Path) -> None:
    """Wait until no worker starts a point any more; they end with their coordinator."""

    def starts() -> int:
        return sum(f.stat().st_size for f in log.iterdir())

    count = -1
    while count != (count := starts()):
        time.sleep(0.15)


def test_an_interrupted_process_keeps_its_rows_and_ends_its_workers(tmp_path: Path) -> None:
    path, log = tmp_path / "r.sqlite", tmp_path / "log"
    log.mkdir()
    command = [sys.executable, str(script(tmp_path, 2000, "logged")), str(path)]
    with subprocess.Popen(
        command, env={**os.environ, "SWEEP_LOG": str(log)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while int(process.stdout.readline()) < 5:
            pass
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    assert "of 2000 points are in" in said
    # The workers left the interrupt to their coordinator: one traceback, not three.
    assert said.count("Traceback") <= 2
    with Store(path) as store:
        assert len(store) >= 5


def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
    path = tmp_path / "r.sqlite"
    command = [sys.executable, str(script(tmp_path, 100, "bulky", limit)), str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "the disk is full or has a limit" in run.stderr
    said = int(run.stdout.split()[-1])
    assert 0 < said < 100
    with Store(path) as store, ThreadPoolExecutor(1) as pool:
        assert len(store) == said
        rest = sweep(numbers(100), sweep_points.bulky, store, pool, code="c")
        assert rest == Tally(said, 100 - said, 0)


# The file.


def test_foreign_corrupt_and_impossible_files_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.sqlite"
    text.write_bytes(b"name,value\n" * 100)
    with pytest.raises(UserError, match="no SQLite file"):
        Store(text)
    assert text.read_bytes() == b"name,value\n" * 100
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    with pytest.raises(UserError, match="another program"):
        Store(foreign)
    with pytest.raises(UserError, match="cannot be opened"):
        Store(tmp_path)
    with pytest.raises(UserError, match="cannot be opened"):
        Store(tmp_path / "absent" / "r.sqlite")


def test_a_damaged_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    with Store(path) as store:
        for n in range(200):
            store.add(Row({"n": n}, "c", "done", {"x": "y" * 500}))
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[4096 * page : 4096 * page + 64] = os.urandom(64)
    path.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        Store(path)


def test_a_store_of_a_later_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(UserError, match="version 2"):
        Store(path)


def test_csv_has_a_column_for_every_name() -> None:
    rows = [
        Row({"n": 1, "set": {"a": 2.0}}, "c", "done", {"x": 0.1}),
        Row({"n": 2, "set": {}}, "c", "refused", {"error": 'too "large", alas'}),
    ]
    assert csv_text(rows) == (
        "status,n,set,result.error,result.x\n"
        'done,1,"{""a"":2.0}",,0.1\n'
        'refused,2,{},"too ""large"", alas",\n'
    )


# A cluster.


def test_a_cluster_of_two_workers_gives_the_same_table(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the `cluster` extra")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        dask(cluster.scheduler_address) as pool,
        Store(tmp_path / "one.sqlite") as store,
    ):
        assert sweep(numbers(30), sweep_points.square, store, pool).done == 30
        one = list(store)
    with ThreadPoolExecutor(1) as pool, Store(tmp_path / "two.sqlite") as store:
        sweep(numbers(30), sweep_points.square, store, pool)
        assert list(store) == one


def test_a_cluster_whose_workers_die_is_said(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the `cluster` extra")
    config = pytest.importorskip("dask").config
    # A worker without a nanny: one that is being restarted would trouble the cluster's end.
    command = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--no-dashboard"]
    with (
        config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=0, processes=False, protocol="tcp", dashboard_address=":0"
        ) as cluster,
        Store(tmp_path / "r.sqlite") as store,
        subprocess.Popen(
            [*command, cluster.scheduler_address],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS.parent)))},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as worker,
    ):
        try:
            with (
                pytest.raises(UserError, match="lost a worker"),
                dask(cluster.scheduler_address) as pool,
            ):
                sweep([{"n": 5}], sweep_points.dies, store, pool)
        finally:
            worker.kill()
        assert len(store) == 0


def test_a_cluster_without_workers_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the `cluster` extra")
    monkeypatch.setattr(module, "PATIENCE", 0.4)
    with (
        distributed.LocalCluster(
            n_workers=0, processes=False, dashboard_address=":0"
        ) as cluster,
        Store(tmp_path / "r.sqlite") as store,
        pytest.raises(UserError, match="no worker left"),
        dask(cluster.scheduler_address) as pool,
    ):  # fmt: skip
        sweep(numbers(3), sweep_points.square, store, pool)


def test_no_scheduler_or_no_dask_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER", 0.5)
    try:
        import distributed  # noqa: F401
    except ImportError:
        said = "ratecert\\[cluster\\]"
    else:
        said = "no dask scheduler answers"
    with pytest.raises(UserError, match=said), dask("tcp://127.0.0.1:9"):
        pass


def test_no_workers_is_refused() -> None:
    with pytest.raises(UserError, match="at least one"), processes(0):
        pass
