"""Around every request: its id, its line in the log, its metrics, the headers every answer has, and the last net.

The log names the path and never the query, where tokens travel. The metric names the route's template, never a path.
"""

import asyncio
import re
import time
import uuid
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.observability import Metrics
from app.web.errors import explain

log = structlog.get_logger("web.access")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

UNMATCHED = "unmatched"

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes that machines ask every few seconds: in the log only when they do not answer well, or at level debug."""

CUT_OFF = 499
"""What the log and the metrics say when the asker had gone, or the server stopped, before an answer began."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RequestLog:
    """The outermost layer of the application: nothing that goes wrong further in passes it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # neither lifespan nor websockets are spoken here, and the server offers none
        number = _request_id(scope)
        scope["state"] = {**scope.get("state", {}), "request_id": number}
        answer = _Answer(send, number)
        with structlog.contextvars.bound_contextvars(request_id=number):
            try:
                await self._run(scope, receive, answer)
            finally:
                self._tell(scope, answer)

    async def _run(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self._app(scope, receive, answer)
        except asyncio.CancelledError:
            # Only the server's stop cancels a request, after its grace. The task ends here either way, and uvicorn
            # would report the cancellation as a crash.
            log.info("request cut off", path=scope["path"])
        except Exception as err:  # noqa: BLE001  the last net; `explain` logs the traceback
            response = explain(scope, err)
            if answer.status is None:
                await response(scope, receive, answer)

    def _tell(self, scope: Scope, answer: "_Answer") -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = getattr(scope.get("route"), "path", UNMATCHED)
        status = answer.status or CUT_OFF
        self._metrics.http_requests.labels(method, route, str(status)).inc()
        if answer.began_after is not None:
            self._metrics.http_duration.labels(method, route).observe(answer.began_after)
        tell = log.debug if route in QUIET and status < HTTPStatus.BAD_REQUEST else log.info
        tell(
            "request",
            method=method,
            path=scope["path"],
            status=status,
            bytes=answer.sent,
            complete=answer.complete,
            milliseconds=round((time.perf_counter() - answer.asked_at) * 1e3, 1),
            client=(scope.get("client") or ("",))[0],
        )


class _Answer:
    """Watches an answer go out, and gives its headers what all of them have."""

    def __init__(self, send: Send, number: str) -> None:
        self._send = send
        self._number = number
        self.asked_at = time.perf_counter()
        self.began_after: float | None = None
        self.status: int | None = None
        self.sent = 0
        self.complete = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
        else:
            self.sent += len(message.get("body", b""))
        await self._send(message)
        if message["type"] == "http.response.body":
            self.complete = not message.get("more_body", False)

    def _begin(self, message: Message) -> None:
        self.began_after = time.perf_counter() - self.asked_at
        self.status = message["status"]
        headers = MutableHeaders(scope=message)
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        headers["X-Request-Id"] = self._number


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
