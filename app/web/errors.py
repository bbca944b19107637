"""Every failure as problem+json (RFC 9457), with a `code` that programs may rely on.

An `AppError` is told in its own words; anything else is a defect of ours, told by a number that stands in the log
beside the traceback, and by nothing more.
"""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import psycopg
import psycopg_pool
import sqlalchemy.exc
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.accounts.errors import ChangedMeanwhile, TooManyAttempts, Unauthenticated
from app.accounts.tokens import TOKEN
from app.config.loading import WORDINGS
from app.errors import AppError, Conflict, InvalidInput, NotFound, Refused, Unavailable
from app.web.answers import PROBLEM, JsonResponse
from app.web.buckets import TooManyRequests
from app.web.media_bytes import PreconditionFailed
from app.web.methods import is_name, methods_at
from app.web.ranges import RangeNotSatisfiable

log = structlog.get_logger("web")

RETRY_AFTER = "5"
"""Seconds. What is away is usually a restarting database or a disk that spins up."""

STATUSES: Sequence[tuple[type[AppError], int]] = (
    (RangeNotSatisfiable, 416),
    (Unauthenticated, 401),
    (TooManyAttempts, 429),
    (TooManyRequests, 429),
    (PreconditionFailed, 412),
    (ChangedMeanwhile, 412),
    (InvalidInput, 400),
    (NotFound, 404),
    (Refused, 403),
    (Conflict, 409),
    (Unavailable, 503),
)
"""The first family that fits decides. An expected failure of no family is still ours: 500, in its own words."""

STRUCK_OUT = "***"

ROUTER_CODES = {404: "route_not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "unsupported_media_type"}


_WORDINGS = WORDINGS | {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "uuid_parsing": "must be an id such as 01a208ff-c30e-73df-bac8-979fe889fbbe",
    "string_too_long": "must have {max_length} characters at most",
    "string_too_short": "must have {min_length} characters at least",
}


class FieldProblem(msgspec.Struct, frozen=True):
    field: str
    """Dotted where it is nested: `paths.0`."""
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong (RFC 9457). `code` is stable; `title` and `detail` are for people and may change."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str = ""
    """The same as the header `X-Request-Id`, and as in our log."""
    field: str | None = None
    """The part of the request at fault, dotted where it is nested."""
    errors: list[FieldProblem] = []
    """Every part at fault, when there are several."""


class ProblemResponse(JsonResponse):
    media_type = PROBLEM


def problem(
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldProblem] = (),
) -> Response:
    # What was asked is quoted, and may hold a token at a place where nobody expects one.
    detail = TOKEN.sub(STRUCK_OUT, detail)
    errors = [FieldProblem(TOKEN.sub(STRUCK_OUT, one.field), TOKEN.sub(STRUCK_OUT, one.message)) for one in errors]
    body = Problem(
        type=f"urn:revenge:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        request_id=request_id(scope),
        field=errors[0].field if errors else None,
        errors=list(errors),
    )
    return ProblemResponse(body, status, {"Cache-Control": "no-store", **(headers or {})})


def request_id(scope: Scope) -> str:
    return str(scope.get("state", {}).get("request_id", ""))


def explain(scope: Scope, error: Exception) -> Response:
    """Turn any exception into its problem; log what nobody foresaw."""
    if isinstance(error, AppError):
        return _expected(scope, error)
    if is_database_away(error):
        log.warning("the database is away", error=str(error))
        return problem(
            scope,
            503,
            "database_unavailable",
            "the database cannot be reached or has no connection to spare; try again in a moment",
            headers={"Retry-After": RETRY_AFTER},
        )
    number = request_id(scope) or uuid.uuid4().hex
    log.error("request failed", exc_info=error)
    return problem(scope, 500, "internal_error", f"something is wrong here, not with the request; log entry {number}")


def _expected(scope: Scope, error: AppError) -> Response:
    status = next((status for family, status in STATUSES if isinstance(error, family)), 500)
    headers: dict[str, str] = {}
    errors: list[FieldProblem] = []
    if isinstance(error, ChangedMeanwhile):
        errors = [FieldProblem("If-Match", "is not the ETag of how it is now")]
    if isinstance(error, InvalidInput) and error.field:
        errors = [FieldProblem(error.field, error.message)]
    if isinstance(error, RangeNotSatisfiable):
        headers = {"Content-Range": f"bytes */{error.size}", "Accept-Ranges": "bytes"}
    if isinstance(error, Unauthenticated):
        headers = {"WWW-Authenticate": 'Bearer realm="revenge"'}
    if isinstance(error, TooManyAttempts | TooManyRequests):
        headers = {"Retry-After": str(error.retry_after)}
    if isinstance(error, Unavailable):
        headers = {"Retry-After": RETRY_AFTER}
    return problem(scope, status, error.code, str(error), headers=headers, errors=errors)


_DATABASE_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg_pool.PoolTimeout,
    psycopg_pool.PoolClosed,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
)


def is_database_away(error: BaseException) -> bool:
    """Whether a lost database or an exhausted pool is the cause, however deep."""
    return any(isinstance(cause, _DATABASE_AWAY) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


async def _app_error(request: Request, error: Exception) -> Response:
    if isinstance(error, Unauthenticated) and is_name(request.app, request.url.path):
        allowed = methods_at(request.app, request.url.path)
        if request.method not in allowed:
            return _wrong_method(request, allowed)  # `logins/refresh` is no login of the id `refresh`, whoever asks
    return explain(request.scope, error)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return explain(request.scope, error)
    code = ROUTER_CODES.get(error.status_code, HTTPStatus(error.status_code).name.lower())
    detail, headers = error.detail, error.headers
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {request.url.path}; see /api/v1/openapi.json for what there is"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _wrong_method(request, methods_at(request.app, request.url.path), headers)
    return problem(request.scope, error.status_code, code, detail, headers=headers)


def _wrong_method(request: Request, allowed: Sequence[str], headers: Mapping[str, str] | None = None) -> Response:
    given = {"Allow": ", ".join(allowed)} if allowed else headers
    detail = f"{request.method} means nothing at {request.url.path}"
    return problem(request.scope, 405, ROUTER_CODES[405], detail, headers=given)


async def _validation_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        return explain(request.scope, error)
    allowed = methods_at(request.app, request.url.path)
    if allowed and request.method not in allowed and error.errors()[0]["loc"][0] == "path":
        return _wrong_method(request, allowed)  # `jobs/stats` is a name of its own, and no job of the id `stats`
    errors = [_field_problem(one) for one in error.errors()]
    detail = "; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in errors)
    return problem(request.scope, 400, InvalidInput.code, detail, errors=errors)


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    """Name the field as the caller knows it: without `query` or `body` before it."""
    _, *path = error["loc"] or ("",)
    if error["type"] == "json_invalid":
        return FieldProblem("", f"the body is no JSON: {error['ctx']['error']}")
    return FieldProblem(".".join(map(str, path)), _what_would_be_right(error))


def _what_would_be_right(error: Mapping[str, Any]) -> str:
    """Say it as our own checks do, which speak of no inputs and strings."""
    wording = _WORDINGS.get(error["type"])
    if wording is not None:
        return wording.format_map(error.get("ctx", {}))
    return re.sub(r"^(?:Input|[A-Z][a-z]+) should ", "must ", str(error["msg"]))


def install(app: FastAPI) -> None:
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
