"""Codes are what programs rely on: none is renamed, and none changes its status."""

from typing import Any

from app.web.codes import problem_codes
from tests.fixtures.web import Web

PROMISED = {
    "already_set_up": 409,
    "body_too_large": 413,
    "changed_meanwhile": 412,
    "conflict": 409,
    "cross_site": 403,
    "database_unavailable": 503,
    "disk_unavailable": 503,
    "file_missing": 404,
    "host_refused": 403,
    "internal_error": 500,
    "invalid_cursor": 400,
    "invalid_input": 400,
    "invalid_token": 401,
    "job_running": 409,
    "last_administrator": 403,
    "library_name_taken": 409,
    "login_required": 401,
    "malformed_request": 400,
    "method_not_allowed": 405,
    "missing_scope": 403,
    "name_taken": 409,
    "not_found": 404,
    "not_playable": 409,
    "overloaded": 503,
    "precondition_failed": 412,
    "range_not_satisfiable": 416,
    "refused": 403,
    "request_timeout": 408,
    "roots_overlap": 409,
    "route_not_found": 404,
    "setup_required": 401,
    "too_many_attempts": 429,
    "too_many_requests": 429,
    "unavailable": 503,
    "unique_conflict": 409,
    "unsupported_media_type": 415,
    "wrong_credentials": 401,
}
"""Add to it what is new and has been released. Nothing is ever taken out."""


def test_what_was_promised_is_kept() -> None:
    codes = problem_codes()
    assert {code: codes.get(code) for code in PROMISED} == PROMISED


async def test_the_document_tells_every_code_and_what_any_route_may_answer(web: Web) -> None:
    document: dict[str, Any] = (await web.http.get("/api/v1/openapi.json")).json()
    code = document["components"]["schemas"]["Problem"]["properties"]["code"]
    assert code["examples"] == list(problem_codes())
    assert "too_many_requests (429)" in code["description"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert ("429" in operation["responses"]) is path.startswith("/api/"), path
    for told in ("/nowhere", "/api/v1/items?limit=0", "/api/v1/jobs/1", "/api/v1/items?cursor=x"):
        assert (await web.http.get(told)).json()["code"] in code["examples"], told
