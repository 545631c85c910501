"""Set ratecert up on a fresh clone, then do what is asked.

    python3 run.py certify [...]   certify the built-in papers, or what is named
    python3 run.py test [...]      run the test suite; what follows goes to pytest
    python3 run.py check           lint, types, layers, coverage of the trusted base
    python3 run.py lock [--check]  renew (or check) the locks in requirements/
    python3 run.py bench [NAME]    run the benchmarks
    python3 run.py census [NAME]   bend every built-in claim; the numbers go into docs/census.md
    python3 run.py mutants [FILE]  change the checker, one guard at a time: does a test fail?
    python3 run.py attack [...]    draw claims (--count 20000) and count the false answers to them
    python3 run.py docs            build the site into docs/_build/html

Standard library only.  The packages go into ``.venv``, which is keyed on the machine, the
Python version, the place of this folder and the locks; it is made anew when one of them
changes, or when a run that was making it was killed.  A ``.venv`` that this script did not make
is never touched.
"""

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  (the one thing an older Python has to understand)
    is_this = platform.python_version()
    sys.stderr.write(f"run.py: ratecert needs Python 3.11 or newer, this is {is_this}\n")
    sys.exit(2)

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
OURS = VENV / "made-by-run.py"  # written first: what lies here may be deleted
ROOMS = ("proofs_check", "theory", "numerics")
STATE = VENV / "installed.json"  # written last: what lies here is whole
LARGER = {"run": ("test", "dev", "docs"), "test": ("dev", "docs"), "dev": (), "docs": ()}
"""The purposes, each with those whose locks hold all of its own."""


def stop(message: str) -> "SystemExit":
    """Return the exit that shows one line to the user."""
    print(f"run.py: {message}", file=sys.stderr)
    return SystemExit(2)


def venv_program(name: str) -> str:
    """Return the path of a program inside the environment."""
    windows = os.name == "nt"
    return str(VENV / ("Scripts" if windows else "bin") / (f"{name}.exe" if windows else name))


def digest(path: Path) -> str:
    """Return a hash of the file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lock_of(purpose: str) -> Path:
    """Return the lock file of a purpose."""
    return ROOT / "requirements" / f"{purpose}.txt"


def key() -> str:
    """Return what an environment is bound to beside its locks."""
    version = platform.python_version()
    return " ".join([platform.machine(), sys.platform, version, sys.base_prefix, str(ROOT)])


def read_state() -> dict[str, str]:
    """Return what the environment holds, empty where there is none, half of one or another's."""
    try:
        state = json.loads(STATE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    fresh = isinstance(state, dict) and state.get("key") == key() and OURS.exists()
    return state if fresh else {}


def link_rooms() -> None:
    """Make the rooms importable as ``ratecert.theory`` and so on, by a link to each folder.

    A git checkout has the links; an unpacked sdist, or a checkout on a system without links, has
    none, or files in their place.
    """
    for room in ROOMS:
        link = ROOT / "ratecert" / room
        if link.is_dir():
            continue
        try:
            link.unlink(missing_ok=True)
            link.symlink_to(Path("..") / room, target_is_directory=True)
        except OSError as error:
            why = error.strerror or str(error)
            raise stop(f"{link} has to be a link to the folder {room}: {why}") from None


def ensure(purpose: str) -> None:
    """Make ``.venv`` hold the packages of a purpose, and ratecert itself."""
    link_rooms()
    state = read_state()
    current = {name: digest(lock_of(name)) for name in LARGER if lock_of(name).exists()}
    held = {name for name in current if state.get(name) == current[name]}
    stale = {name for name in LARGER if name in state} - held
    enough = {purpose, *LARGER[purpose]}
    project = digest(ROOT / "pyproject.toml")
    if not stale and held & enough and state.get("project") == project:
        return
    if not state or stale:
        make_venv()
        held = set()
    STATE.unlink(missing_ok=True)
    if not held & enough:
        print(f"run.py: installing requirements/{purpose}.txt, once", file=sys.stderr)
        install("--require-hashes", "-r", str(lock_of(purpose)))
        held.add(purpose)
    install("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    state = {"key": key(), "project": project, **{name: current[name] for name in held}}
    STATE.write_text(json.dumps(state), encoding="utf-8")


def make_venv() -> None:
    """Put an empty environment at ``.venv``."""
    if VENV.exists() or VENV.is_symlink():
        if not OURS.exists():
            raise stop(f"{VENV} is not of this script's making: move it away or delete it")
        if Path(sys.prefix).resolve() == VENV.resolve():
            raise stop(f"{VENV} has to be made anew: use a Python that does not lie in it")
        shutil.rmtree(VENV)
    uv = shutil.which("uv")
    if uv is None and importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise stop(f"this Python lacks ensurepip: `apt install {package}` (or uv) mends it")
    VENV.mkdir()
    OURS.touch()
    if uv is not None:
        command = [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable]
        call([*command, str(VENV)])
    else:
        call([sys.executable, "-m", "venv", str(VENV)])


def install(*what: str) -> None:
    """Install into the environment, with uv where it is, else with pip."""
    uv = shutil.which("uv")
    python = venv_program("python")
    if uv is not None:
        call([uv, "pip", "install", "--quiet", "--python", python, *what])
    else:
        call([python, "-m", "pip", "install", "--quiet", *what])


def call(command: list[str]) -> None:
    """Run a step of the set-up; its own messages say what went wrong."""
    if subprocess.call(command, cwd=ROOT) != 0:
        raise stop(f"set-up failed at: {' '.join(command)}")


def run(*command: str) -> int:
    """Run a program of the environment and return its exit status.

    Ctrl-C reaches the program as well; it says what was finished, so this waits for it.
    """
    with subprocess.Popen([venv_program(command[0]), *command[1:]]) as program:
        while True:
            try:
                status = program.wait()
            except KeyboardInterrupt:
                continue
            return status if status >= 0 else 128 - status


def certify(arguments: list[str]) -> int:
    """Certify, in the folder the user stands in; `-P` keeps that folder off the import path."""
    ensure("run")
    return run("python", "-P", "-m", "ratecert", "certify", *arguments)


def test(arguments: list[str]) -> int:
    """Run pytest in the repository root."""
    ensure("test")
    os.chdir(ROOT)
    return run("python", "-m", "pytest", *arguments)


def check(arguments: list[str]) -> int:
    """Run every check that is not a test; all of them, then say which failed."""
    if arguments:
        raise stop("check takes no arguments")
    ensure("dev")
    os.chdir(ROOT)
    base = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/proofs_check"]
    checks = {
        "lint": ("ruff", "check", "."),
        "format": ("ruff", "format", "--check", "."),
        "types": ("mypy",),
        "layers": ("lint-imports",),
        "tests of the trusted base": ("coverage", "run", *base),
        "coverage of the trusted base": ("coverage", "report"),
    }
    failed = [name for name, command in checks.items() if run(*command) != 0]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed")
    return 1 if failed else 0


def lock(arguments: list[str]) -> int:
    """Renew or check the locks, with the resolver that the locks themselves pin."""
    ensure("dev")
    return run("python", str(ROOT / "requirements" / "lock.py"), *arguments)


def benchmarks() -> dict[str, Path]:
    """Return the benchmark scripts by name."""
    return {path.stem: path for path in sorted((ROOT / "benchmarks").glob("[a-z]*.py"))}


def bench(arguments: list[str]) -> int:
    """Run the named benchmarks, or all."""
    scripts = benchmarks()
    unknown = [name for name in arguments if name not in scripts]
    if unknown:
        raise stop(f"no benchmark {', '.join(unknown)}; there are: {', '.join(scripts)}")
    ensure("test")
    os.chdir(ROOT)
    return max(run("python", str(scripts[name])) for name in arguments or scripts)


def census(arguments: list[str]) -> int:
    """Bend every built-in claim, or the named ones, and see what becomes of each mutant."""
    ensure("run")
    os.chdir(ROOT)
    out = [] if arguments else ["--out", "docs/census.md"]
    return run("python", "-m", "ratecert.census", *out, *arguments)


def mutants(arguments: list[str]) -> int:
    """Change the checker, or the files named, in every way that decides what it accepts.

    It shows the changes that no test notices, takes hours for the whole checker, and goes on
    where it was stopped; ``tests/mutation/run.py --help`` tells more.
    """
    ensure("test")
    os.chdir(ROOT)
    return run("python", str(ROOT / "tests" / "mutation" / "run.py"), *arguments)


def attack(arguments: list[str]) -> int:
    """Have drawn claims answered, and judged by what does not know ratecert."""
    ensure("run")
    os.chdir(ROOT / "tests")
    return run("python", "-m", "attacks", *arguments)


def docs(arguments: list[str]) -> int:
    """Build the site."""
    ensure("docs")
    os.chdir(ROOT)
    strict = ("-n", "-W", "--keep-going", "-q")
    return run("python", "-m", "sphinx", *strict, *arguments, "docs", "docs/_build/html")


def commands() -> dict[str, Callable[[list[str]], int]]:
    """Return the commands that this checkout can carry out."""
    found: dict[str, Callable[[list[str]], int]] = {}
    found |= {"certify": certify, "test": test, "check": check, "lock": lock}
    found |= {"census": census, "mutants": mutants, "attack": attack}
    if benchmarks():
        found["bench"] = bench
    if lock_of("docs").exists() and (ROOT / "docs" / "conf.py").exists():
        found["docs"] = docs
    return found


def main() -> int:
    """Run the command line above."""
    found = commands()
    if len(sys.argv) < 2 or sys.argv[1] not in found:
        asked_for_help = sys.argv[1:2] in (["-h"], ["--help"])
        usage = f"usage: python3 run.py {{{','.join(found)}}} [ARGUMENT ...]"
        print(usage, file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    return found[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
