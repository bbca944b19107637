"""uvicorn's HTTP/1.1 over httptools, made to fail as everything else here fails."""

import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.web.errors import problem

UNFINISHED = "ASGI callable returned without completing response."
"""uvicorn's words for an answer that was cut short on purpose; whoever cut it has told why."""

_log = logging.getLogger("web.protocol")
_log.addFilter(lambda record: record.msg != UNFINISHED)


class HttpProtocol(HttpToolsProtocol):
    """Answers what cannot be parsed with a problem too, and leaves the log to the application."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.logger = _log

    def send_400_response(self, msg: str) -> None:
        answer = problem({}, 400, "malformed_request", msg.rstrip("."), headers={"Connection": "close"})
        lines = [STATUS_LINE[400], *(name + b": " + value + b"\r\n" for name, value in answer.raw_headers), b"\r\n"]
        self.transport.write(b"".join(lines) + bytes(answer.body))
        self.transport.close()
