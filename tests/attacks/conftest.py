"""What attacks need of the server."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.observability import set_up_logs


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server wait for two seconds where it waits for minutes. Ask for it before `web`."""
    monkeypatch.setattr("app.web.protocol.HEADERS_WITHIN", 2.0)
    monkeypatch.setattr("app.web.protocol.BODY_WITHIN", 2.0)
    monkeypatch.setattr("app.web.server.KEEP_ALIVE", 2)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as a server writes it, every level of it."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    root.handlers.clear()  # or they would be closed
    set_up_logs("debug", "console", stream=stream, keep_loggers=False)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
