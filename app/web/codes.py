"""Every `code` that a problem may carry, found where errors are declared: none can be forgotten, or stay behind."""

from collections.abc import Iterator
from typing import Any

from app.errors import AppError
from app.web.answers import PROBLEM
from app.web.errors import ROUTER_CODES, STATUSES

OUTSIDE = ("app.config", "app.db", "app.lifecycle", "app.web.listening", "app.web.server")
"""What goes wrong there ends a start, and never an answer."""

ELSEWHERE = {
    **{code: status for status, code in ROUTER_CODES.items()},
    "database_unavailable": 503,
    "internal_error": 500,
    "malformed_request": 400,
    "request_timeout": 408,
}
"""Told by no error of ours: by the router, the protocol and the last net."""


def problem_codes() -> dict[str, int]:
    """Return the codes with their statuses, by name."""
    found = {error.code: status for error in _errors(AppError) if (status := _status(error)) is not None}
    return dict(sorted({**found, **ELSEWHERE}.items()))


def _errors(family: type[AppError]) -> Iterator[type[AppError]]:
    for error in family.__subclasses__():
        if error.__module__.startswith("app.") and not error.__module__.startswith(OUTSIDE):
            yield error
        yield from _errors(error)


def _status(error: type[AppError]) -> int | None:
    return next((status for family, status in STATUSES if issubclass(error, family)), None)


def describe_problems(document: dict[str, Any]) -> None:
    """Say in the OpenAPI document which codes there are, and what every route of the API may answer besides its own."""
    codes = problem_codes()
    code = document["components"]["schemas"]["Problem"]["properties"]["code"]
    code["description"] = "Stable: " + ", ".join(f"{name} ({status})" for name, status in codes.items())
    code["examples"] = list(codes)
    for path, operations in document["paths"].items():
        if path.startswith("/api/"):
            for operation in operations.values():
                operation["responses"].setdefault("429", TOO_MANY)


def _header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}}


TOO_MANY: dict[str, Any] = {
    "description": "Too many requests, or failed attempts",
    "headers": {
        "Retry-After": _header("Seconds to wait", "integer"),
        "RateLimit-Policy": _header("How many requests in which window (draft-ietf-httpapi-ratelimit-headers)"),
        "RateLimit": _header("How many are left, and in how many seconds it will be all of them again"),
    },
    "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
