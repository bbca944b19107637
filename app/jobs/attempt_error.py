"""Text that every reader of a row can take: one element of `errors`, and what an exception leaves behind.

Go decodes a batch as a whole, so one element it cannot read would strand every job fetched with it (contract 2.3).
PostgreSQL refuses NUL in jsonb and UTF-8 refuses lone surrogates; both turn up in names of files, and so in errors.
"""

import re
import traceback
from datetime import datetime

import msgspec

from app.jobs.go_time import go_time

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LONGEST_TEXT = 100_000
"""Characters kept of an error or of a trace: an exception may quote a whole response, a row should not."""

MAX_FRAMES = 100
"""As many as River keeps of a panic's stack; the newest are the ones that tell."""


def storable(text: str) -> str:
    """Replace what jsonb or UTF-8 refuse, and cut what is too long to be read."""
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + "…"
    return UNSTORABLE.sub("\ufffd", text)


class _Element(msgspec.Struct):
    at: str
    attempt: int
    error: str
    trace: str


def encode_attempt_error(at: datetime, attempt: int, error: str, trace: str = "") -> bytes:
    """Encode one element of `errors`: exactly River's four keys."""
    return msgspec.json.encode(_Element(go_time(at), attempt, storable(error), storable(trace)))


def text_of(err: BaseException) -> str:
    """Return an exception's own words, or its name when it has none (or cannot say them)."""
    try:
        return str(err) or type(err).__name__
    except Exception:  # noqa: BLE001  an exception whose text raises is still an exception to record
        return f"{type(err).__name__} (its text could not be made)"


def trace_of(err: BaseException) -> str:
    """Return the traceback as Python prints it, at most `MAX_FRAMES` newest frames of each exception in the chain."""
    formatted = traceback.TracebackException.from_exception(err, limit=-MAX_FRAMES, compact=True)
    return "".join(formatted.format())
