"""The pytest plugin: every claim of every ``*.claims.toml`` is a test.

A claim's item is named ``key:id`` and passes when the verdict is the expected one.  Loaded by
every pytest run of an environment that has ratecert in it, so nothing of ratecert is imported
before a claim file is met.

The certificates of the report travel on the test reports themselves, which pytest-xdist brings
from its workers to the process that writes.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ratecert.proofs_check.language.claim import Claim
    from ratecert.proofs_check.verdict.certificate import Certificate

__all__ = ["ClaimFileNode", "ClaimItem"]

_SUFFIX = ".claims.toml"
_CARRIED = "ratecert_entry"


class UnexpectedVerdictError(Exception):
    """The verdict on a claim is not the one its file expects."""

    def __init__(self, certificate: Certificate):
        super().__init__(f"{certificate.claim.name}: {certificate.verdict}")
        self.certificate = certificate


class ClaimFileNode(pytest.File):
    """A claim file."""

    def collect(self) -> Iterable[ClaimItem]:
        """Yield one item per claim; an unusable file is a collection error."""
        from ratecert.io.claim_files import read
        from ratecert.proofs_check.language.errors import UserError

        try:
            claims = read(self.path).claims
        except UserError as error:
            raise self.CollectError(str(error)) from None
        for claim in claims:
            yield ClaimItem.from_parent(self, name=claim.name, claim=claim)


class ClaimItem(pytest.Item):
    """A claim."""

    def __init__(self, *, claim: Claim, **rest: Any):
        super().__init__(**rest)
        self.claim = claim
        self.certificate: Certificate | None = None

    def runtest(self) -> None:
        """Certify the claim."""
        from ratecert.pipeline.batch import judged
        from ratecert.proofs_check.language.errors import UserError

        outcome = judged(self.claim, self.config.getoption("certify"))
        if isinstance(outcome, UserError):
            raise outcome
        self.certificate = outcome
        if not self.certificate.as_expected:
            raise UnexpectedVerdictError(self.certificate)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return what a reader needs; a traceback only where ratecert itself is at fault."""
        from ratecert.proofs_check.language.errors import UserError

        match excinfo.value:
            case UnexpectedVerdictError(certificate=certificate):
                from ratecert.show.terminal import details

                return details(certificate)
            case UserError() as error:
                return str(error)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return where the claim stands."""
        return self.path, max(self.claim.line - 1, 0), self.name


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of claim files."""
    group = parser.getgroup("ratecert", "claims of *.claims.toml files")
    group.addoption(
        "--certify",
        choices=("quick", "full"),
        default="quick",
        help="how far the numeric legs of each claim go (default: quick)",
    )
    group.addoption(
        "--certify-report",
        type=Path,
        metavar="FILE",
        help="write the certificates of the claims that were run to FILE, as JSON",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the collector of certificates where a report is asked for, once per run."""
    path = config.getoption("certify_report")
    if path is None or hasattr(config, "workerinput"):
        return
    from ratecert.io.certificates import check_writable
    from ratecert.proofs_check.language.errors import UserError

    path = config.invocation_params.dir / path
    try:
        check_writable(path)
    except UserError as error:
        raise pytest.UsageError(f"--certify-report: {error}") from None
    config.pluginmanager.register(_Report(path), "ratecert-report")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ClaimFileNode | None:
    """Collect claim files."""
    if file_path.name.endswith(_SUFFIX):
        return ClaimFileNode.from_parent(parent, path=file_path)
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the certificate of a claim on its test report, as text that every transport carries."""
    test_report = yield
    if call.when == "call" and isinstance(item, ClaimItem) and item.certificate is not None:
        from ratecert.io.certificates import report_entry

        entry = json.dumps(report_entry(item.certificate))
        place = (str(item.path), item.claim.line)
        setattr(test_report, _CARRIED, [*place, entry])
    return test_report


class _Report:
    """Gathers certificates from test reports and writes them, in the order of the files."""

    def __init__(self, path: Path):
        self.path = path
        self.entries: dict[tuple[str, int], Any] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the certificate of a claim; of one that is run again, the last."""
        carried = getattr(report, _CARRIED, None)
        if carried is not None:
            file, line, entry = carried
            self.entries[file, line] = json.loads(entry)

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        from ratecert.io.certificates import dumps, report, write_atomically
        from ratecert.proofs_check.language.errors import UserError

        ordered = [self.entries[place] for place in sorted(self.entries)]
        try:
            write_atomically(self.path, dumps(report(ordered)))
        except UserError as error:
            raise pytest.UsageError(f"--certify-report: {error}") from None
