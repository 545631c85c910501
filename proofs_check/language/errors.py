"""The two kinds of error: what the user has to mend, and what the checker does not accept."""

from __future__ import annotations

__all__ = ["RejectedError", "UserError"]


class UserError(ValueError):
    """Something in the input is unusable; the message says what, where and how to mend it.

    `file` and `line` (from 1) point into a claim file where there is one; `str` then starts
    with ``FILE:LINE:``.
    """

    def __init__(self, message: str, file: str = "", line: int = 0):
        self.message, self.file, self.line = message, file, line
        super().__init__(f"{file}:{line}: {message}" if file else message)


class RejectedError(ValueError):
    """A derivation, or a step of one, does not hold as written."""
