"""Whatever goes wrong, the answer is a problem with a stable code, and tells nothing it should not."""

from typing import Any
from uuid import UUID

import psycopg
import psycopg_pool
import pytest
import sqlalchemy.exc

from app.catalog.browse import Catalog
from app.db.engine import Database
from app.errors import AppError, Conflict, InvalidInput, NotFound, Refused, Unavailable
from tests.fixtures.web import Web

UNKNOWN = UUID("01a20927-790f-7a1d-9a1c-d2cf9b3f5b13")
"""Fixed, so that every run collects tests of the same names."""


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "route_not_found"),
        ("GET", "/api/v1/", 404, "route_not_found"),
        ("GET", "/healthz/", 404, "route_not_found"),
        ("DELETE", "/healthz", 405, "method_not_allowed"),
        ("POST", "/api/v1/items", 405, "method_not_allowed"),
        ("PROPFIND", "/api/v1/items", 405, "method_not_allowed"),
        ("GET", f"/api/v1/libraries/{UNKNOWN}", 404, "not_found"),
        ("DELETE", f"/api/v1/libraries/{UNKNOWN}", 404, "not_found"),
        ("POST", f"/api/v1/libraries/{UNKNOWN}/scan", 404, "not_found"),
        ("GET", "/api/v1/libraries/films", 400, "invalid_input"),
        ("GET", f"/api/v1/items/{UNKNOWN}", 404, "not_found"),
        ("GET", "/api/v1/items?limit=501", 400, "invalid_input"),
        ("GET", "/api/v1/items?limit=0", 400, "invalid_input"),
        ("GET", "/api/v1/items?sort=colour", 400, "invalid_input"),
        ("GET", "/api/v1/items?cursor=x", 400, "invalid_cursor"),
        ("GET", "/api/v1/items?q=%00", 400, "invalid_input"),
        ("GET", "/api/v1/items?libary_id=1", 400, "invalid_input"),
        ("GET", f"/api/v1/files/{UNKNOWN}", 404, "not_found"),
        ("GET", f"/api/v1/files/{UNKNOWN}/stream", 404, "not_found"),
        ("GET", "/api/v1/jobs/1", 404, "not_found"),
        ("GET", "/api/v1/jobs/0", 400, "invalid_input"),
        ("GET", f"/api/v1/jobs/{2**63}", 400, "invalid_input"),
        ("GET", "/api/v1/jobs/one", 400, "invalid_input"),
        ("POST", "/api/v1/jobs/1/cancel", 404, "not_found"),
        ("POST", "/api/v1/jobs/1/retry", 404, "not_found"),
        ("DELETE", "/api/v1/jobs/1", 404, "not_found"),
        ("GET", "/api/v1/jobs?state=failed", 400, "invalid_input"),
        ("GET", "/api/v1/jobs?cursor=x", 400, "invalid_input"),
        ("GET", "/api/v1/jobs?limit=1001", 400, "invalid_input"),
        ("PUT", "/api/v1/queues/nowhere/pause", 404, "not_found"),
        ("PUT", "/api/v1/queues/nowhere/resume", 404, "not_found"),
        ("PUT", "/api/v1/queues/a%00b/pause", 400, "invalid_input"),
    ],
)
async def test_each_failure_has_its_status_and_its_code(
    web: Web, method: str, path: str, status: int, code: str
) -> None:
    answer = await web.http.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"urn:revenge:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert answer.headers["cache-control"] == "no-store"
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ('{"name": "x", "kind": "movies", "paths": "y"}', ["paths"]),
        ('{"name": "x", "kind": "movies", "paths": ["/a", 7]}', ["paths.1"]),
        ('{"name": "x", "kind": "movies"}', ["paths"]),
        ('{"name": 1, "kind": 2, "paths": [], "root": "z"}', ["name", "kind", "root"]),
        ('{"name": "x\\u0000", "kind": "movies", "paths": []}', ["name"]),
        ('{"name": "x", "kind": "films", "paths": ["/tmp"]}', ["kind"]),
        ('{"name": "\\ud800", "kind": "movies", "paths": ["/tmp"]}', ["name"]),
        ('{"name": "x", "kind": "movies", "paths": ["relative"]}', ["paths.0"]),
        ('{"name": "x", "kind": "movies", "paths": ["/nowhere/at/all"]}', ["paths.0"]),
        ("[]", [""]),
        ("{", [""]),
        ("", [""]),
    ],
)
async def test_a_wrong_body_names_every_field_at_fault(web: Web, body: str, fields: list[str]) -> None:
    answer = await web.http.post(
        "/api/v1/libraries", content=body.encode(), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert problem["code"] == "invalid_input"
    assert [error["field"] for error in problem["errors"]] == fields
    assert problem["field"] == fields[0]


@pytest.mark.parametrize("body", ["[" * 200_000, '{"name": ' + "9" * 10_000 + "}", '{"name": "\xff"}', "\ufeff{}"])
async def test_a_body_that_is_made_to_break_a_parser_is_refused(web: Web, body: str) -> None:
    answer = await web.http.post(
        "/api/v1/libraries", content=body.encode("latin-1", "replace"), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


class Odd(AppError):
    code = "odd"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidInput("limit", "is odd"), 400, "invalid_input"),
        (NotFound("thing", 7), 404, "not_found"),
        (Conflict("taken"), 409, "conflict"),
        (Refused("no"), 403, "refused"),
        (Unavailable("away"), 503, "unavailable"),
        (Odd("odd"), 500, "odd"),
        (psycopg.OperationalError("connection refused by 10.0.0.7"), 503, "database_unavailable"),
        (psycopg_pool.PoolTimeout("no connection"), 503, "database_unavailable"),
        (sqlalchemy.exc.InterfaceError("SELECT secret", {}, Exception("gone")), 503, "database_unavailable"),
        (RuntimeError("password is swordfish"), 500, "internal_error"),
    ],
)
async def test_every_error_of_a_service_is_translated(  # noqa: PLR0917  fixtures and parameters
    web: Web,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
    code: str,
) -> None:
    async def failing(*_: Any) -> None:
        raise error

    monkeypatch.setattr(Catalog, "libraries", failing)
    answer = await web.http.get("/api/v1/libraries", headers={"X-Request-Id": "find-me"})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert "swordfish" not in answer.text
    assert "10.0.0.7" not in answer.text
    assert "SELECT" not in answer.text
    if status == 503:
        assert answer.headers["retry-after"]
    if code == "internal_error":
        logged = capsys.readouterr().out
        assert "find-me" in logged
        assert "swordfish" in logged


async def test_a_cause_deep_down_is_found(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(*_: Any) -> None:
        raise RuntimeError("while doing something") from psycopg.OperationalError("gone")

    monkeypatch.setattr(Catalog, "libraries", failing)

    assert (await web.http.get("/api/v1/libraries")).status_code == 503


async def test_a_database_that_is_away_is_503_and_the_server_lives_on(web: Web, database: Database) -> None:
    await database.pool.close()

    answer = await web.http.get("/api/v1/libraries")

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert (await web.http.get("/healthz")).json() == {"alive": True}
    ready = await web.http.get("/readyz")
    assert ready.status_code == 503
    assert [probe["ready"] for probe in ready.json()["probes"] if probe["name"] == "database"] == [False]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=501", "limit: must be at most 500"),
        ("limit=x", "limit: must be a whole number"),
        ("library_id=films", "library_id: must be an id such as 01a208ff-c30e-73df-bac8-979fe889fbbe"),
        ("libary_id=1", "libary_id: there is no such field"),
        ("q=%00", "q: must not hold a NUL character"),
    ],
)
async def test_what_would_be_right_is_said_in_our_words(web: Web, query: str, said: str) -> None:
    assert (await web.http.get(f"/api/v1/items?{query}")).json()["detail"] == said
