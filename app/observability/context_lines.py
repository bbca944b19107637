"""Log lines for whoever collects those of his own context: a job its attempt's, beside the server's log."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

TakeLine = Callable[[str], None]

_taker: ContextVar[TakeLine | None] = ContextVar("app.observability.taker", default=None)


class ContextLines(logging.Handler):
    """Hands each line to whoever collects in the context it is logged in, threads and tasks begun there included.

    A line logged anywhere else costs one look at a context variable.
    """

    def filter(self, record: logging.LogRecord) -> bool | logging.LogRecord:  # type: ignore[override]
        return _taker.get() is not None and super().filter(record)

    def emit(self, record: logging.LogRecord) -> None:
        take = _taker.get()
        if take is None:
            return
        try:
            take(self.format(record))
        except Exception:  # noqa: BLE001  as every handler: a line that cannot be made must not stop who logs it
            self.handleError(record)


@contextmanager
def collecting_lines(take: TakeLine) -> Iterator[None]:
    """Have `take` called with each line that is logged within, by whatever thread."""
    token = _taker.set(take)
    try:
        yield
    finally:
        _taker.reset(token)
