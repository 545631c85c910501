"""Hypothesis profiles: `default` draws anew in every run, `ci` always the same.

Neither judges by the clock: how long an example takes says something about the machine.

Comparisons of simulated with exact numbers go through one `AlarmAccount`, over all processes of a
run: at the end the rates of false alarms that they declared are added up, and the positions of all
runs are tested for uniformity.  Either may fail the run.

Linear algebra runs on one thread, as in the commands: its threads wait for each other where the
processor is shared, at up to fifty times the cost.
"""

import os
import signal
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is loaded
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

from ratecert.numerics.simulation.statistics import AlarmAccount, Budget

SHARES = 1000
"""Shares of the suite's rate of false alarms; a test of the suite spends one or a few."""

_LEDGER = pytest.StashKey[AlarmAccount]()
_TOLD = pytest.StashKey[str]()

_BY_THE_CLOCK = [HealthCheck.too_slow]

settings.register_profile("default", deadline=None, suppress_health_check=_BY_THE_CLOCK)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure(config: pytest.Config) -> None:
    # A shell that runs the tests in the background has them ignore Ctrl-C, and what they start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[_LEDGER] = AlarmAccount(Budget(SHARES))


@pytest.fixture(scope="session")
def ledger(pytestconfig: pytest.Config) -> AlarmAccount:
    return pytestconfig.stash[_LEDGER]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of pytest-xdist found."""
    held = getattr(node, "workeroutput", {}).get("ledger")
    if held is not None:
        node.config.stash[_LEDGER].add(*held)


def pytest_sessionfinish(session: pytest.Session) -> None:
    held = session.config.stash[_LEDGER]
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["ledger"] = (held.comparisons, held.spent, held.positions)
    elif held.comparisons:
        in_order, told = held.closing()
        session.config.stash[_TOLD] = f"simulation: {told}"
        if not in_order:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    told = config.stash.get(_TOLD, None)
    if told is not None:
        terminalreporter.write_line(told)
