"""Try every change of the checker (`mutation.changes`) and see whether a test fails.

    python tests/mutation/run.py [PATH ...]     the files to change; all of proofs_check by default
        --processes N      how many changes to try at a time (1)
        --tests PATH ...   where the tests are (tests/proofs_check)
        --slowest S        leave out tests that take longer (4 seconds)
        --patience S       stop after tests that take so long together (60 seconds)
        --again            try the survivors once more
        --survivors        ... and nothing else
        --report           show what is known, try nothing

First every test runs on its own, to see which lines of the checker it comes by.  Then each change
is made in a fork of a process in which everything is imported, and the tests that come by it are
run, those that noticed a change of the same function first, then the fastest.  A change is
*noticed* if a test fails, *endless* if a test takes many times its time, *crashes* if the process
dies, *survives* if no test fails, and is *untried* if no test comes by it.  Survivors that cannot
change what is accepted are *explained* in ``explained.toml``, each with the reason.

What is found is appended to ``mutants/results.jsonl``; a change whose function is still the same
is not tried again.
"""

from __future__ import annotations

import argparse
import ast
import gc
import hashlib
import json
import os
import resource
import select
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "mutants"
RESULTS, MAP = FOLDER / "results.jsonl", FOLDER / "tests.json"
MEMORY = 8 << 30
SETTLED = ("noticed", "endless", "crashes")

if __name__ == "__main__":
    os.environ["HYPOTHESIS_PROFILE"] = "ci"
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.path[:1] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "docs")]

import pytest  # noqa: E402
from _pytest.runner import runtestprotocol  # noqa: E402
from coverage import Coverage  # noqa: E402
from mutation.changes import Change, changes  # noqa: E402


@dataclass(frozen=True)
class Tried:
    """What became of a change."""

    key: str
    path: str
    line: int
    function: str
    difference: str
    status: str
    by: str
    tests: int
    seconds: float


@dataclass
class Mutant:
    """A change of a file, with a name that stays while its function does."""

    path: str
    tree: ast.Module
    change: Change
    key: str


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield the changes of a file that compile."""
    name = str(path.relative_to(ROOT))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    for change in changes(tree):
        with change:
            try:
                compile(tree, name, "exec")
            except SyntaxError:
                continue
        whole = f"{name}\n{change.function}\n{ast.unparse(change.top)}\n{change.difference()}"
        seen[whole] += 1
        key = hashlib.sha256(f"{whole}\n{seen[whole]}".encode()).hexdigest()[:16]
        yield Mutant(name, tree, change, key)


# Which test comes by which line.


def in_a_fork(work: Callable[[int], None], seconds: float) -> tuple[str, int | None]:
    """Return what the work wrote, and the signal it died of; None if it took too long."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        try:
            work(writing)
        finally:
            os._exit(0)
    os.close(writing)
    said, late, until = b"", False, time.monotonic() + seconds
    while not late:
        ready, _, _ = select.select([reading], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            late = True
            os.kill(child, signal.SIGKILL)
        elif piece := os.read(reading, 1 << 16):
            said += piece
        else:
            break
    os.close(reading)
    _, status = os.waitpid(child, 0)
    return said.decode(), None if late else os.WTERMSIG(status)


def fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, nextitem=None, log=False))


CHUNK = 20


def looked_at(item: pytest.Item) -> tuple[bool, float, dict[str, str]]:
    """Return whether a test fails, its time, and the lines it runs, as bits by file."""
    coverage = Coverage(data_file=None, config_file=False, include=[f"{ROOT}/proofs_check/*"])
    coverage.set_option("run:disable_warnings", ["no-data-collected"])
    coverage.start()
    start = time.process_time()
    failed = fails(item)
    seconds = time.process_time() - start
    coverage.stop()
    data = coverage.get_data()
    lines = {
        str(Path(name).relative_to(ROOT)): f"{bits(data.lines(name) or ()):x}"
        for name in data.measured_files()
    }
    return failed, round(seconds, 4), lines


def state_of_the_sources(*rooms: str) -> str:
    """Return a hash of the sources in some folders, tests left out."""
    total = hashlib.sha256()
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            if not path.name.startswith("test_") and path.parent != Path(__file__).parent:
                total.update(str(path).encode() + path.read_bytes())
    return total.hexdigest()


def read_map(items: list[pytest.Item]) -> dict[str, tuple[float, dict[str, str]]]:
    """Return the time and the lines of every test; looks at those of which nothing is known.

    What is known of a test holds while its file, and all that is not a test, stays the same.
    """
    state = state_of_the_sources("proofs_check", "theory", "numerics", "tests")
    files = {item.path: hashlib.sha256(item.path.read_bytes()).hexdigest() for item in items}
    try:
        kept = json.loads(MAP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = {}
    for start in range(0, len(items), CHUNK):
        names = {i.nodeid: f"{state} {files[i.path]}" for i in items[start : start + CHUNK]}
        new = [
            i
            for i in items[start : start + CHUNK]
            if kept.get(i.nodeid, [0])[0] != names[i.nodeid]
        ]
        if not new:
            continue

        def work(pipe: int, new: list[pytest.Item] = new) -> None:
            os.write(pipe, json.dumps([[item.nodeid, *looked_at(item)] for item in new]).encode())

        said, _ = in_a_fork(work, 1800)
        for name, failed, seconds, lines in json.loads(said):
            kept[name] = [names[name], failed, seconds, lines]
        MAP.write_text(json.dumps(kept), encoding="utf-8")
        print(f"looked at {start + CHUNK} of {len(items)} tests", file=sys.stderr, flush=True)
    failing = [item.nodeid for item in items if kept[item.nodeid][1]]
    if failing:
        raise SystemExit(f"these tests fail as it is: {', '.join(failing)}")
    return {item.nodeid: tuple(kept[item.nodeid][2:]) for item in items}


# Making a change.


def functions() -> dict[tuple[str, str], list[FunctionType]]:
    """Return the functions of the checker by file and name."""
    found = defaultdict(list)
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType):
            path = os.path.realpath(thing.__code__.co_filename)
            if path.startswith(f"{ROOT}/proofs_check/"):
                found[path[len(str(ROOT)) + 1 :], thing.__code__.co_qualname].append(thing)
    return found


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def bits(lines: Iterable[int]) -> int:
    return sum(1 << line for line in set(lines))


@dataclass
class Workshop:
    """All that is needed to try changes."""

    items: dict[str, pytest.Item]
    seconds: dict[str, float]
    lines: dict[str, dict[str, int]]
    patience: float
    functions: dict[tuple[str, str], list[FunctionType]] = field(default_factory=functions)
    noticed: dict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that come by a change, the most promising ones first."""
        change = mutant.change
        own = {mutant.path: bits(change.lines)}
        places = own if change.function else self._users(mutant)
        found = [
            test
            for test, lines in self.lines.items()
            if any(lines.get(path, 0) & where for path, where in places.items())
        ]
        before = self.noticed[mutant.path, change.function]
        found.sort(key=lambda test: (-before[test], self.seconds[test]))
        spent = accumulate(self.seconds[test] for test in found)
        return [test for test, total in zip(found, spent, strict=True) if total <= self.patience]

    def _users(self, mutant: Mutant) -> dict[str, int]:
        """Return the lines of the functions that use what stands at the top of a module."""
        top, owner = mutant.change.top, mutant.change.owner
        if isinstance(top, ast.FunctionDef):
            return {mutant.path: bits(range(top.body[0].lineno, (top.end_lineno or 0) + 1))}
        names = {owner} if owner else _targets(top)
        places: dict[str, int] = defaultdict(int)
        for (path, _), found in self.functions.items():
            for code in codes(found[0].__code__):
                if not names.isdisjoint(code.co_names):
                    places[path] |= bits(n for _, _, n in code.co_lines() if n)
        return places

    def make(self, mutant: Mutant) -> bool:
        """Make a change in this process; False if there is no way to."""
        change = mutant.change
        with change:
            if not change.function:
                return self._make_at_the_top(mutant)
            code = compile(mutant.tree, str(ROOT / mutant.path), "exec")
            ours = self.functions.get((mutant.path, change.function), [])
            (new,) = (c for c in codes(code) if c.co_qualname == change.function)
        for function in ours:
            function.__code__ = new
        return bool(ours)

    def _make_at_the_top(self, mutant: Mutant) -> bool:
        top, owner = mutant.change.top, mutant.change.owner
        module = sys.modules[mutant.path.removesuffix(".py").replace("/", ".")]
        if isinstance(top, ast.FunctionDef):
            name = f"{owner}.{top.name}" if owner else top.name
            for function in self.functions.get((mutant.path, name), []):
                values = [_value(part, module) for part in top.args.defaults]
                function.__defaults__ = tuple(values) or None
                keywords = zip(top.args.kwonlyargs, top.args.kw_defaults, strict=True)
                function.__kwdefaults__ = {a.arg: _value(d, module) for a, d in keywords if d}
            return True
        if owner:
            return self._make_in_a_class(top, getattr(module, owner), module)
        before = {name: module.__dict__.get(name) for name in _targets(top)}
        exec(compile(ast.Module([top], []), mutant.path, "exec"), module.__dict__)
        for name, old in before.items():
            for other in list(sys.modules.values()):
                if other is not module and getattr(other, "__dict__", {}).get(name) is old:
                    other.__dict__[name] = module.__dict__[name]
        return True

    def _make_in_a_class(self, top: ast.stmt, owner: type, module: Any) -> bool:
        """Change the default of a field of a dataclass."""
        if not hasattr(owner, "__dataclass_fields__") or not isinstance(top, ast.AnnAssign):
            return False
        (name,) = _targets(top)
        init = owner.__init__  # type: ignore[misc]
        defaults = list(init.__defaults__ or ())
        arguments = init.__code__.co_varnames[: init.__code__.co_argcount]
        at = list(arguments).index(name) - len(arguments)
        if not isinstance(top.value, ast.Constant) or len(defaults) < -at:
            return False
        defaults[at] = _value(top.value, module)
        init.__defaults__ = tuple(defaults)
        return True

    def tried(self, mutant: Mutant) -> Tried:
        """Make a change in a fork, run the tests, and say what came of it."""
        tests, start = self.tests(mutant), time.monotonic()

        def work(pipe: int) -> None:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            if not self.make(mutant):
                os.write(pipe, b"untried ")
                return
            for test in tests:
                signal.setitimer(signal.ITIMER_VIRTUAL, 10 + 20 * self.seconds[test])
                os.write(pipe, f"{test}\n".encode())
                if fails(self.items[test]):
                    os.write(pipe, b"noticed ")
                    return
            os.write(pipe, b"survives ")

        said, died = in_a_fork(work, 1800) if tests else ("untried ", 0)
        *before, last = said.split("\n")
        status = last.strip() or ("crashes" if died != signal.SIGVTALRM else "endless")
        status = "endless" if died is None else status
        by = before[-1] if before and status in SETTLED else ""
        self.noticed[mutant.path, mutant.change.function][by] += 1
        change = mutant.change
        return Tried(
            mutant.key,
            mutant.path,
            change.node.lineno,  # type: ignore[attr-defined]
            change.function,
            change.difference(),
            status,
            by,
            len(before),
            round(time.monotonic() - start, 2),
        )


def _targets(top: ast.stmt) -> set[str]:
    targets = top.targets if isinstance(top, ast.Assign) else [getattr(top, "target", None)]
    return {part.id for t in targets if t for part in ast.walk(t) if isinstance(part, ast.Name)}


def _value(expression: ast.expr, module: Any) -> Any:
    return eval(compile(ast.Expression(expression), "<default>", "eval"), module.__dict__)


# The whole.


class Trial:
    """A plugin of pytest: where the tests would be run, the changes are tried."""

    def __init__(self, given: argparse.Namespace, paths: list[Path]):
        self.paths, self.processes, self.again = paths, given.processes, given.again
        self.survivors = given.survivors
        self.slowest, self.patience = given.slowest, given.patience

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Have Hypothesis find examples, not shrink them."""
        from hypothesis import Phase, settings  # not before pytest has seen to its assertions

        for item in items:
            found = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
            if found is not None:
                phases = (Phase.explicit, Phase.generate)
                item.obj._hypothesis_internal_use_settings = settings(found, phases=phases)  # type: ignore[attr-defined]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        FOLDER.mkdir(exist_ok=True)
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        items = {item.nodeid: item for item in session.items}
        found = read_map(session.items)
        quick = {test: entry for test, entry in found.items() if entry[0] <= self.slowest}
        shop = Workshop(
            {test: items[test] for test in quick},
            {test: seconds for test, (seconds, _) in quick.items()},
            {
                test: {path: int(mask, 16) for path, mask in lines.items()}
                for test, (_, lines) in quick.items()
            },
            self.patience,
        )
        gc.freeze()
        workers = []
        for number in range(self.processes):
            child = os.fork()
            if child == 0:
                try:
                    self._work(shop, number)
                finally:
                    os._exit(0)
            workers.append(child)
        for child in workers:
            os.waitpid(child, 0)
        return True

    def _work(self, shop: Workshop, number: int) -> None:
        done = known()
        with RESULTS.open("a", encoding="utf-8") as results:
            for path in self.paths:
                for at, mutant in enumerate(mutants(path)):
                    before = done.get(mutant.key)
                    is_open = before is None and not self.survivors
                    is_open |= before is not None and self.again and before.status not in SETTLED
                    if at % self.processes == number and is_open:
                        tried = shop.tried(mutant)
                        if self.survivors and tried.status not in SETTLED:
                            continue  # fewer tests may have been run than before
                        results.write(json.dumps(tried.__dict__) + "\n")
                        results.flush()
                print(f"{path.relative_to(ROOT)}: done", file=sys.stderr, flush=True)


def known() -> dict[str, Tried]:
    """Return what was found before, the latest of each change."""
    if not RESULTS.exists():
        return {}
    lines = RESULTS.read_text(encoding="utf-8").splitlines()
    return {tried.key: tried for tried in (Tried(**json.loads(line)) for line in lines)}


def explained() -> dict[tuple[str, str, str], str]:
    """Return why changes cannot matter, by file, function and the lines that they put in."""
    with (Path(__file__).parent / "explained.toml").open("rb") as file:
        groups = tomllib.load(file)["group"]
    return {
        (group["path"], group["function"], line): group["why"]
        for group in groups
        for line in group["lines"]
    }


def put_in(difference: str) -> str:
    """Return the lines that a change puts in, without their indentation."""
    lines = difference.splitlines()
    return "\n".join(line[1:].strip() for line in lines if line[0] == "+") or "pass"


def report(paths: list[Path]) -> int:
    """Print what became of the changes of the files; the status is 1 if some survive."""
    done, reasons = known(), explained()
    total: Counter[str] = Counter()
    for path in paths:
        own: Counter[str] = Counter()
        for mutant in mutants(path):
            found = done.get(mutant.key)
            status = found.status if found else "open"
            change = mutant.path, mutant.change.function, put_in(mutant.change.difference())
            if status in ("survives", "untried") and change in reasons:
                status = "explained"
            own[status] += 1
            if found and status in ("survives", "untried"):
                print(f"{found.path}:{mutant.change.node.lineno} {found.function}: {found.status}")  # type: ignore[attr-defined]
                print(found.difference)
        total += own
        print(f"{path.relative_to(ROOT)}: {_counts(own)}")
    print(f"all: {_counts(total)}")
    return int(bool(total["survives"] + total["untried"] + total["open"]))


def _counts(counts: Counter[str]) -> str:
    return f"{sum(counts.values())} changes; " + ", ".join(
        f"{number} {status}" for status, number in sorted(counts.items())
    )


def main() -> int:
    """Run the command line above."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--tests", nargs="*", default=["tests/proofs_check"])
    parser.add_argument("--slowest", type=float, default=4.0)
    parser.add_argument("--patience", type=float, default=60.0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--survivors", action="store_true")
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    paths = [path.resolve() for path in given.paths] or sorted(ROOT.glob("proofs_check/**/*.py"))
    if not given.report:
        os.chdir(ROOT)
        trial = Trial(given, paths)
        quiet = ["-q", "-s", "-p", "no:cacheprovider", "-o", "tmp_path_retention_policy=none"]
        pytest.main([*quiet, *given.tests], plugins=[trial])
    return report(paths)


if __name__ == "__main__":
    sys.exit(main())
