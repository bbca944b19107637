"""uvicorn's HTTP/1.1 over httptools, made to fail as everything else here fails, and not to wait for ever.

uvicorn waits without end for a request that has begun, and takes headers without end. Whoever opens a few thousand
connections and sends a byte a minute would have us hold them all; here a request has its time and its size.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.web.errors import problem

UNFINISHED = "ASGI callable returned without completing response."
"""uvicorn's words for an answer that was cut short on purpose; whoever cut it has told why."""

HEADERS_WITHIN = 30.0
"""Seconds from the connection, or from a request's first byte, to the end of its headers."""

BODY_WITHIN = 120.0
"""Seconds from the headers to the end of the body. The largest we take has a megabyte (`app.web.guard.MAX_BODY`)."""

MAX_HEAD = 64 * 1024
"""Bytes of address and headers together; browsers and proxies stay below half of it."""

VERSIONS = frozenset({"1.0", "1.1"})
"""The parser takes others, and whoever stands before us may have taken them for something else."""

_log = logging.getLogger("web.protocol")
_log.addFilter(lambda record: record.msg != UNFINISHED)


class HttpProtocol(HttpToolsProtocol):
    """Answers what cannot be parsed with a problem too, and leaves the log to the application.

    States of a connection: idle → head → body → idle. The time of `head` runs from the connection on, so that one
    that sends nothing is closed as well; between requests uvicorn's own time for idle connections runs.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.logger = _log
        self._in_head = True
        self._head_size = 0
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._expect(HEADERS_WITHIN)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            # Before the piece is looked at, which may end the head: the limit is true to one piece.
            if self._head_size > MAX_HEAD:
                status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                self._refuse(status, "headers_too_large", f"address and headers may have {MAX_HEAD} bytes together")
                return
            self._head_size += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._expect(HEADERS_WITHIN)

    def on_headers_complete(self) -> None:
        if self.parser.get_http_version() not in VERSIONS:
            raise ValueError("another version of HTTP")
        self._in_head, self._head_size = False, 0
        self._expect(BODY_WITHIN)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._head_size = True, 0
        self._expect(None)
        super().on_message_complete()

    def _expect(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self.flow.read_paused:  # it is we who do not read: an answer before this request is not through
            self._expect(HEADERS_WITHIN)
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "the request has not come in time")

    def _is_free(self) -> bool:
        cycle = self.cycle
        return not self.pipeline and (cycle is None or cycle.response_complete or not cycle.response_started)

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST, "malformed_request", msg.rstrip("."))

    def _refuse(self, status: HTTPStatus, code: str, detail: str) -> None:
        """Answer past the application, and close: where the next request would begin, nobody knows.

        Never into another answer: whoever pipelines nonsense after a request would read it as a part of that.
        """
        if self._is_free():
            answer = problem({}, status, code, detail, headers={"Connection": "close"})
            lines = [STATUS_LINE[status], *(name + b": " + value + b"\r\n" for name, value in answer.raw_headers)]
            self.transport.write(b"".join(lines) + b"\r\n" + bytes(answer.body))
        self.transport.close()
