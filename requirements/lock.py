"""Write the locks in this folder from ``pyproject.toml``, or check that they are current.

    python3 run.py lock            # bring the locks in line, moving as few pins as possible
    python3 run.py lock --upgrade  # take the newest versions allowed
    python3 run.py lock --check    # change nothing; status 1 where a lock is out of date

One lock per purpose, at the same versions throughout, so that one environment can grow from one
purpose to the next.  A lock names versions and hashes, and no address: where packages come from
is the affair of the machine that installs them.

The check compares pins and markers, not hashes: the files on offer for a version differ between
mirrors and grow with time, and an installation checks the hash of what it takes anyway.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST_PYTHON = "3.11"

EXTRAS = ("--extra", "plots", "--extra", "cluster", "--extra", "fast", "--extra", "kernels")
"""What the tests run, so that no feature goes untested for want of a package."""

LOCKS: Mapping[str, Sequence[str]] = {
    "run": ("--group", "build"),
    "test": ("--group", "build", "--group", "test", *EXTRAS),
    "dev": ("--group", "build", "--group", "test", *EXTRAS, "--group", "dev"),
    "docs": ("--group", "build", "--group", "test", *EXTRAS, "--group", "docs"),
}
"""What each purpose takes from ``pyproject.toml`` beyond the dependencies; smallest first."""


def compile_locks(folder: Path, upgrade: bool) -> None:
    """Resolve every lock into `folder`; the pins of the locks that lie there are preferred."""
    previous: list[str] = []
    for purpose, wanted in LOCKS.items():
        lock = str(folder / f"{purpose}.txt")
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
        command += ["--python-version", OLDEST_PYTHON, "--generate-hashes"]
        command += ["--no-annotate", "--no-header", "pyproject.toml", *wanted, "-o", lock]
        command += previous
        if upgrade:
            command.append("--upgrade")
        subprocess.run(command, check=True, cwd=HERE.parent)
        previous = ["--constraints", lock]


def pins(lock: str) -> Iterator[tuple[str, int]]:
    """Yield every requirement of a lock, marker included, with the number of its hashes."""
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        yield entry.split(" \\\n")[0], entry.count("--hash=sha256:")


def problems(folder: Path) -> Iterator[str]:
    """Say what in this folder's locks differs from the fresh ones in `folder`."""
    for purpose in LOCKS:
        here, there = (dict(pins((at / f"{purpose}.txt").read_text())) for at in (HERE, folder))
        for pin in sorted(here.keys() ^ there.keys()):
            yield f"{purpose}.txt: {'has' if pin in here else 'lacks'} {pin}"
        for pin in sorted(pin for pin, hashes in here.items() if not hashes):
            yield f"{purpose}.txt: no hash for {pin}"


def main() -> int:
    """Run the command line above."""
    parser = argparse.ArgumentParser(prog="run.py lock", description=__doc__.split("\n", 1)[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="change nothing, report differences")
    mode.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        fresh = Path(name)
        for purpose in LOCKS:
            if (HERE / f"{purpose}.txt").exists():
                shutil.copy(HERE / f"{purpose}.txt", fresh)
        try:
            compile_locks(fresh, options.upgrade)
        except subprocess.CalledProcessError as failure:
            print("the locks could not be resolved: see the message above", file=sys.stderr)
            return failure.returncode
        if not options.check:
            for purpose in LOCKS:
                shutil.copy(fresh / f"{purpose}.txt", HERE)
            return 0
        found = list(problems(fresh))
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("out of date: `python3 run.py lock` brings the locks in line", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
