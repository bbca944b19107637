"""Expected failures, told in one line each, and the exit codes they end with."""

import sys
from typing import Any

from cyclopts import CycloptsError, UnusedCliTokensError

from app.cli import FAILED, WRONG_INPUT
from app.errors import AppError, InvalidInput


def tell(err: AppError | CycloptsError) -> int:
    """Write a failure to stderr and return the code to end with."""
    from app.observability.logs import escaped

    for line in _words(err).splitlines():
        sys.stderr.write(escaped(line) + "\n")
    return _code(err)


def is_defect(err: AppError | CycloptsError) -> bool:
    """Tell a start that failed for a reason nobody foresaw: its one line would hide where it happened."""
    cause = getattr(err, "cause", None)
    return isinstance(cause, Exception) and not isinstance(cause, AppError | OSError)


def _words(err: AppError | CycloptsError) -> str:
    if isinstance(err, UnusedCliTokensError):
        return f"revenge: too many words: {' '.join(map(repr, err.unused_tokens or ()))}"
    return f"revenge: {err}"


def _code(err: AppError | CycloptsError) -> int:
    if isinstance(err, InvalidInput | CycloptsError):
        return WRONG_INPUT
    received: Any = getattr(err, "received", None)  # app.lifecycle.Interrupted: ended by a signal while starting
    return FAILED if received is None else 128 + int(received)
