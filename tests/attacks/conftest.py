"""What attacks need of the server."""

import pytest


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server wait for two seconds where it waits for minutes. Ask for it before `web`."""
    monkeypatch.setattr("app.web.protocol.HEADERS_WITHIN", 2.0)
    monkeypatch.setattr("app.web.protocol.BODY_WITHIN", 2.0)
    monkeypatch.setattr("app.web.server.KEEP_ALIVE", 2)
