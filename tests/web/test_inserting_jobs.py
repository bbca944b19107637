"""Administrators insert jobs of any kind there is; what makes no sense is named, and inserts nothing."""

from typing import Any

import pytest

from app.jobs.driver.driver import JobListParams
from app.jobs.driver.psycopg_driver import PsycopgDriver
from tests.fixtures.jobs import JobFactory
from tests.fixtures.web import Web

JOBS = "/api/v1/jobs"
LIBRARY = "01a208ff-b8d0-7ad2-b3e9-79fc0caba078"


async def insert(web: Web, **asked: Any) -> Any:
    return await web.http.post(JOBS, json={"kind": "library.scan", "args": {"library_id": LIBRARY}, **asked})


async def test_a_job_is_inserted_as_its_kind_has_it(web: Web) -> None:
    answer = await insert(web)
    assert (answer.status_code, answer.json()["duplicate"]) == (201, False)
    job = answer.json()["job"]
    assert answer.headers["Location"] == f"{JOBS}/{job['id']}"
    assert (await web.http.get(answer.headers["Location"])).json() == job
    shown = {name: job[name] for name in ("kind", "queue", "priority", "max_attempts", "state", "tags")}
    assert shown == {
        "kind": "library.scan", "queue": "default", "priority": 2, "max_attempts": 5, "state": "available", "tags": [],
    }  # fmt: skip
    assert job["args"]["library_id"] == LIBRARY
    (told, *_) = (await web.http.get("/api/v1/audit")).json()["events"]
    assert (told["action"], told["subject"], told["details"]) == ("job.inserted", "library.scan", {"job_id": job["id"]})


async def test_what_is_asked_otherwise_is_otherwise(web: Web) -> None:
    asked = {
        "queue": "low",
        "priority": 4,
        "max_attempts": 1,
        "tags": ["by-hand"],
        "scheduled_at": "2999-01-01T00:00:00Z",
    }
    job = (await insert(web, **asked)).json()["job"]
    assert {name: job[name] for name in asked} == asked
    assert job["state"] == "scheduled"


async def test_one_that_is_unfinished_already_is_that_one(web: Web) -> None:
    first, second = await insert(web), await insert(web, args={"library_id": LIBRARY, "full_scan": True})
    assert (second.status_code, second.json()["duplicate"]) == (201, True)
    assert second.json()["job"]["id"] == first.json()["job"]["id"]
    assert len((await web.http.get("/api/v1/audit")).json()["events"]) == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "no.such"}, "kind"),
        ({"args": {}}, "args.library_id"),
        ({"args": {"library_id": 7}}, "args.library_id"),
        ({"args": {"library_id": "x"}}, "args.library_id"),
        ({"args": {"library_id": LIBRARY, "full_scan": "yes"}}, "args.full_scan"),
        ({"args": {"library_id": LIBRARY, "fullscan": True}}, "args.fullscan"),
        ({"args": []}, "args"),
        ({"queue": "No Queue"}, "queue"),
        ({"priority": 5}, "priority"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": 40_000}, "max_attempts"),
        ({"tags": ["?"]}, "tags"),
        ({"scheduled_at": "2999-01-01T00:00:00"}, "scheduled_at"),
        ({"state": "running"}, "state"),
    ],
)
async def test_what_makes_no_sense_is_named_and_nothing_is_inserted(
    web: Web, driver: PsycopgDriver, asked: dict[str, Any], field: str
) -> None:
    answer = await insert(web, **asked)
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text
    assert await driver.job_list(JobListParams()) == []


async def test_kinds_say_what_they_take(web: Web) -> None:
    (kind,) = (await web.http.get("/api/v1/job-kinds")).json()["kinds"]
    schema = kind.pop("args_schema")
    assert kind == {
        "kind": "library.scan", "aliases": [], "queue": "default", "priority": 2, "max_attempts": 5, "is_unique": True,
        "is_periodic": False,
        "description": "Look what is on disk. One at a time for each library, whatever `full_scan` and `requested_only`"
        " say.",
    }  # fmt: skip
    described = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    assert described["required"] == ["library_id"]
    assert described["properties"]["library_id"] == {"type": "string", "format": "uuid"}


async def test_jobs_are_listed_by_tag_and_priority_and_in_the_order_asked_for(web: Web, factory: JobFactory) -> None:
    plain = await factory.job(priority=1)
    urgent = await factory.job(priority=3, tags=["by-hand", "other"])

    async def ids(**query: Any) -> list[int]:
        answer = await web.http.get(JOBS, params=query)
        assert answer.status_code == 200, answer.text
        return [job["id"] for job in answer.json()["jobs"]]

    assert await ids(tag=["by-hand", "none"]) == await ids(priority=[3, 4]) == [urgent.id]
    assert await ids(order_by="scheduled_at", oldest_first=True) == [plain.id, urgent.id]
    page = (await web.http.get(JOBS, params={"order_by": "time", "limit": 1})).json()
    assert await ids(order_by="time", cursor=page["next_cursor"]) == [plain.id]
    for query, field in (
        ({"order_by": "id", "cursor": page["next_cursor"]}, "cursor"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"order_by": "finalized_at"}, "order_by"),
    ):
        refused = await web.http.get(JOBS, params=query)
        assert (refused.status_code, refused.json()["field"]) == (400, field)
