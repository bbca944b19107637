"""One server, asked through its API: elsewhere, on this machine, or in this very process. Commands cannot tell which.

What it answers is kept as it came, for `--json`, beside what a person is shown of it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from app.errors import AppError, InvalidInput, Unavailable

T = TypeVar("T")

BASE = "/api/v1"

TIMEOUT = httpx.Timeout(10, read=600)
"""Seconds. Forgetting a large library takes its time; a server that is away should be told of soon."""

WRONG_INPUT = frozenset({400, 413, 415, 422})
"""Answers that blame the question: the command ends with 2."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    value: T
    content: bytes
    """JSON, as the API sent it."""


class Problem(msgspec.Struct, frozen=True):
    """The two parts of a problem (RFC 9457) that a command tells."""

    code: str
    detail: str


class RequestFailed(AppError):
    """What the server could not do, in its own words."""

    code = "request_failed"


class NotUnderstood(AppError):
    code = "not_understood"

    def __init__(self, server: str, what: str) -> None:
        super().__init__(f"{server} {what}; is it a Revenge server, and of this version?")


class ServerAway(Unavailable):
    code = "server_away"

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(f"{server} cannot be reached: {reason}")


class Api:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._server = str(http.base_url).rstrip("/")

    async def get(self, path: str, shape: type[T], **query: Any) -> Answer[T]:
        """Ask. What is None is left out of the question.

        Raises:
            InvalidInput: the question makes no sense. RequestFailed: it cannot be answered, for a reason told.
            ServerAway, NotUnderstood.
        """
        given = {name: value for name, value in query.items() if value is not None}
        return self._read(await self._send("GET", path, params=given), shape)

    async def send(self, method: str, path: str, shape: type[T], body: object = None) -> Answer[T]:
        """Ask for a change that answers something. Raises: as for `get`."""
        return self._read(await self._send(method, path, body=body), shape)

    async def do(self, method: str, path: str, body: object = None) -> None:
        """Ask for a change. Raises: as for `get`."""
        await self._send(method, path, body=body)

    async def _send(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: object = None
    ) -> httpx.Response:
        sent = {} if body is None else {"content": _encoded(body), "headers": {"Content-Type": "application/json"}}
        _require_text(*(params or {}).values())
        try:
            answer = await self._http.request(method, BASE + path, params=params, **sent)  # type: ignore[arg-type]
        except httpx.TransportError as err:
            raise ServerAway(self._server, str(err) or type(err).__name__) from err
        if not answer.is_success:
            raise self._failure(answer)
        return answer

    def _failure(self, answer: httpx.Response) -> AppError:
        try:
            problem = msgspec.json.decode(answer.content, type=Problem)
        except msgspec.DecodeError:
            phrase = HTTPStatus(answer.status_code).phrase if answer.status_code in set(HTTPStatus) else ""
            return NotUnderstood(self._server, f"answered {answer.status_code} {phrase}".rstrip())
        if problem.code == "login_required":
            return RequestFailed(f"{self._server} needs a login: give an administrator's API key in REVENGE_API_KEY")
        if problem.code == "route_not_found":
            return NotUnderstood(self._server, "does not know this command")
        if answer.status_code in WRONG_INPUT:
            return InvalidInput("", problem.detail)
        return RequestFailed(problem.detail)

    def _read(self, answer: httpx.Response, shape: type[T]) -> Answer[T]:
        try:
            return Answer(msgspec.json.decode(answer.content, type=shape), answer.content)
        except msgspec.DecodeError as err:
            raise NotUnderstood(self._server, "answers what makes no sense here") from err


@asynccontextmanager
async def speaking(
    url: str,
    token: str | None,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    trust_env: bool = True,
) -> AsyncIterator[Api]:
    """Open the API at an address, or behind a transport that leads to it wherever it is."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, timeout=TIMEOUT, transport=transport, trust_env=trust_env
    ) as http:
        yield Api(http)


def segment(name: object) -> str:
    """Write a name so that it is one part of a path."""
    _require_text(name)
    return quote(str(name), safe="")


def _encoded(body: object) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError as err:
        raise InvalidInput("", f"what was typed is not text in UTF-8: {err.object!r}") from None


def _require_text(*values: object) -> None:
    for value in values:
        try:
            str(value).encode()
        except UnicodeEncodeError as err:
            raise InvalidInput("", f"what was typed is not text in UTF-8: {err.object!r}") from None
