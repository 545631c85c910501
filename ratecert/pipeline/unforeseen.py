"""What nobody foresaw: a fault of ratecert on one claim becomes that claim's answer.

Nothing that goes wrong on one claim may keep the others from being answered, and nothing may be
hidden either: the answer reads ``undecided``, its reason says what failed and in which line, and
it is never the expected one (`ratecert.proofs_check.verdict.certificate.is_expected`).  A
`UserError` is not meant: it says what the user has to mend, and whoever reads the input reports
it.  Neither is Ctrl-C.

This is the one place where every exception is caught.  Under ``python -X dev`` its traceback goes
to standard error besides.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ratecert.proofs_check.language.errors import UserError

if TYPE_CHECKING:
    from ratecert.proofs_check.language.claim import Claim
    from ratecert.proofs_check.verdict.certificate import Certificate

__all__ = ["ended", "guarded", "unanswered"]

_Result = TypeVar("_Result")

_HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_LONGEST = 300
"""Most characters that a reason quotes of an exception's message."""


def guarded(work: Callable[[], _Result], otherwise: Callable[[str], _Result]) -> _Result:
    """Return what `work` does; if it fails in an unforeseen way, what `otherwise` makes of it.

    `otherwise` is given the reason, such as ``internal error: KeyError: 'M' (theory/x.py:12)``.

    Raises
    ------
    UserError
        As `work` raises it.
    """
    try:
        return work()
    except UserError:
        raise
    except Exception as error:
        if sys.flags.dev_mode:
            traceback.print_exception(error)
        return otherwise(_reason(error))


def unanswered(claim: Claim, reason: str) -> Certificate:
    """Return the certificate of a claim on which ratecert itself failed: undecided."""
    from ratecert.proofs_check.verdict.certificate import Certificate, Evidence, Light, Verdict
    from ratecert.proofs_check.verdict.judge import NUMERIC, applies

    evidence = tuple(
        Evidence(leg, Light.UNKNOWN, "was not asked")
        if applies(claim, leg)
        else Evidence(leg, Light.NA, "does not apply")
        for leg in NUMERIC
    )
    lights = {"derivation": Light.UNKNOWN} | {piece.leg: piece.light for piece in evidence}
    return Certificate(
        claim=claim,
        verdict=Verdict.UNDECIDED,
        reason=reason,
        derived="",
        regimes=(),
        witness=None,
        lights=lights,
        evidence=evidence,
        constants=None,
        trust=(),
        derivation=None,
    )


def ended(claim: Claim) -> Certificate:
    """Return the certificate of a claim whose process did not live to answer."""
    from ratecert.proofs_check.verdict.certificate import INTERNAL_ERROR

    return unanswered(
        claim,
        f"{INTERNAL_ERROR}: the system ended the process that worked on this claim, twice, "
        "most likely for want of memory",
    )


def _reason(error: Exception) -> str:
    """Say what failed, and in which line: on one line, the same from run to run."""
    from ratecert.proofs_check.verdict.certificate import INTERNAL_ERROR

    message = " ".join(str(error).split())
    if len(message) > _LONGEST:
        message = f"{message[:_LONGEST]}..."
    told = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return f"{INTERNAL_ERROR}: {told} ({_place(error)})"


def _place(error: Exception) -> str:
    """Return ``FILE:LINE`` of the innermost line of ratecert's own, or else of any.

    The outermost is that of `guarded`, which says nothing.
    """
    frames = list(traceback.walk_tb(error.__traceback__))[1:]
    places = [(frame.f_code.co_filename, line) for frame, line in frames]
    own = [(path, line) for path, line in places if _is_own(path)]
    path, line = (own or places or [(__file__, 0)])[-1]
    return f"{_shown(path)}:{line}"


def _is_own(path: str) -> bool:
    return _shown(path).split(os.sep)[0] == "ratecert"


def _shown(path: str) -> str:
    """Return a path as below the folder of the packages, where it is."""
    return path.removeprefix(_HOME + os.sep)
