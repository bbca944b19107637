"""Libraries, items, jobs and queues over HTTP, with real rows behind them."""

from pathlib import Path
from typing import Any

import pytest

from app.ids import uuid7
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.library.jobs import ScanLibraryArgs
from tests.fixtures.jobs import JobFactory
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Films, Web

API = "/api/v1"


async def test_a_library_is_made_changed_scanned_and_deleted(web: Web, tmp_path: Path) -> None:
    films, more = tmp_path / "films", tmp_path / "more"
    films.mkdir()
    more.mkdir()

    made = await web.http.post(f"{API}/libraries", json={"name": "Films", "kind": "movies", "paths": [str(films)]})
    assert made.status_code == 201
    library = made.json()
    assert made.headers["location"] == f"{API}/libraries/{library['id']}"
    assert (library["name"], library["kind"], library["paths"]) == ("Films", "movies", [str(films)])
    assert library["created_at"].endswith("Z")
    assert (await web.http.get(f"{API}/libraries")).json() == {"libraries": [library]}
    assert (await web.http.get(made.headers["location"])).json() == library

    changed = await web.http.patch(made.headers["location"], json={"name": "Movies"})
    assert (changed.status_code, changed.json()["name"], changed.json()["paths"]) == (200, "Movies", [str(films)])
    changed = await web.http.patch(made.headers["location"], json={"paths": [str(more), str(films)]})
    assert changed.json()["paths"] == [str(more), str(films)]

    deleted = await web.http.delete(made.headers["location"])
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await web.http.get(made.headers["location"])).status_code == 404
    assert (await web.http.get(f"{API}/libraries")).json() == {"libraries": []}
    assert films.is_dir()


async def test_what_contradicts_another_library_is_a_conflict(web: Web, tmp_path: Path) -> None:
    (tmp_path / "films" / "inner").mkdir(parents=True)
    body = {"name": "Films", "kind": "movies", "paths": [str(tmp_path / "films")]}
    assert (await web.http.post(f"{API}/libraries", json=body)).status_code == 201

    taken = await web.http.post(f"{API}/libraries", json=body | {"paths": [str(tmp_path)], "name": "films"})
    overlapping = await web.http.post(
        f"{API}/libraries", json=body | {"name": "Other", "paths": [str(tmp_path / "films" / "inner")]}
    )

    assert (taken.status_code, taken.json()["code"]) == (409, "library_name_taken")
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "roots_overlap")


async def test_a_scan_is_a_job_and_the_second_request_is_told_of_the_first(web: Web, films: Films) -> None:
    path = f"{API}/libraries/{films.library_id}/scan"

    first = await web.http.post(path)
    second = await web.http.post(path, json={"full_scan": True})

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["duplicate"] is False
    assert second.json()["duplicate"] is True
    job = first.json()["job"]
    assert second.json()["job"]["id"] == job["id"]
    assert first.headers["location"] == f"{API}/jobs/{job['id']}"
    assert (job["kind"], job["state"], job["queue"], job["priority"]) == ("library.scan", "available", "default", 2)
    assert job["args"] == {
        "library_id": str(films.library_id), "root_id": None, "full_scan": False, "requested_only": False,
    }  # fmt: skip
    assert (await web.http.get(first.headers["location"])).json() == job


async def test_items_and_files_are_listed_page_by_page(web: Web, films: Films) -> None:
    for number in range(5):
        item_id = await films.shelf.item(films.library_id, f"Film {number}", year=2000 + number)
        await films.shelf.file(
            films.library_id, f"Film {number}.mkv", item_id=item_id, size=7, streams=[{"index": 0, "kind": "video"}]
        )
    await films.shelf.item(films.library_id, "Lost", state="missing")

    titles: list[str] = []
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        query = {"library_id": str(films.library_id), "limit": 4, **({"cursor": cursor} if cursor else {})}
        page = (await web.http.get(f"{API}/items", params=query)).json()
        items += page["items"]
        titles += [item["title"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert titles == [*(f"Film {number}" for number in range(5)), "Lost"]
    assert items[-1]["state"] == "missing"
    assert items[-1]["year"] is None
    first = items[0]
    assert {"id", "kind", "title", "year", "state", "files"} <= first.keys()
    [file] = first["files"]
    assert (file["path"], file["size"], file["state"]) == (f"{films.root}/Film 0.mkv", 7, "present")
    assert file["streams"] == [{"index": 0, "kind": "video"}]
    assert (await web.http.get(f"{API}/items/{first['id']}")).json() == first
    detail = (await web.http.get(f"{API}/files/{file['id']}")).json()
    assert (detail["path"], detail["item_ids"]) == (file["path"], [first["id"]])
    assert (await web.http.get(f"{API}/items", params={"q": "lost"})).json()["items"][0]["title"] == "Lost"
    assert (await web.http.get(f"{API}/items", params={"sort": "-year"})).json()["items"][0]["title"] == "Film 4"


async def test_a_job_is_rivers_columns_with_every_digit(web: Web, factory: JobFactory) -> None:
    job_id = await factory.id_of(
        id=2**53 + 1,
        kind="math",
        state="retryable",
        args='{"big": 12345678901234567890123, "exact": 1.10, "text": "é"}',
        metadata='{"output": {"tiny": 0.1000000000000000055511151231257827}}',
        attempt=1,
        attempted_at="2026-01-02 03:04:05.678901+00",
        attempted_by=["client_a"],
        errors=['{"at": "2026-01-02T03:04:05.678901Z", "attempt": 1, "error": "oh", "trace": ""}'],
        scheduled_at="2026-01-03 00:00:00+02",
        tags=["one"],
        unique_key=b"\x00\xff",
        unique_states="11110101",
    )

    answer = await web.http.get(f"{API}/jobs/{job_id}")

    assert b'"id":9007199254740993' in answer.content
    assert b'"big": 12345678901234567890123' in answer.content
    assert b'"exact": 1.10' in answer.content
    assert b"0.1000000000000000055511151231257827" in answer.content
    job = answer.json()
    assert set(job) == {
        *("id", "state", "attempt", "max_attempts", "attempted_at", "created_at", "finalized_at", "scheduled_at"),
        *("priority", "args", "attempted_by", "errors", "kind", "metadata", "queue", "tags", "unique_key"),
        "unique_states",
    }
    assert job["attempted_at"] == "2026-01-02T03:04:05.678901Z"
    assert job["scheduled_at"] == "2026-01-02T22:00:00Z"
    assert job["finalized_at"] is None
    assert job["errors"] == [{"at": "2026-01-02T03:04:05.678901Z", "attempt": 1, "error": "oh", "trace": ""}]
    assert job["unique_key"] == "AP8="
    assert "available" in job["unique_states"]


async def test_jobs_are_listed_newest_first_by_what_is_asked(web: Web, factory: JobFactory) -> None:
    ids = [
        await factory.id_of(kind=kind, queue=queue, state=state)
        for kind in ("a", "b")
        for queue in ("default", "low")
        for state in ("available", "completed", "running")
    ]

    async def listed(**query: Any) -> list[int]:
        found: list[int] = []
        while True:
            page = (await web.http.get(f"{API}/jobs", params=query)).json()
            found += [job["id"] for job in page["jobs"]]
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]

    assert await listed() == ids[::-1]
    assert await listed(limit=5) == ids[::-1]
    assert await listed(limit=1, kind="b", queue="low") == ids[:8:-1]
    assert await listed(state=["available", "running"], kind="a", queue="default") == [ids[2], ids[0]]
    assert await listed(kind="c") == []


async def test_jobs_are_cancelled_retried_and_deleted(web: Web, factory: JobFactory) -> None:
    waiting = await factory.id_of()
    running = await factory.id_of(state="running")

    cancelled = await web.http.post(f"{API}/jobs/{waiting}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    retried = await web.http.post(f"{API}/jobs/{waiting}/retry")
    assert (retried.status_code, retried.json()["state"]) == (200, "available")
    asked = await web.http.post(f"{API}/jobs/{running}/cancel")
    assert asked.json()["state"] == "running"
    assert asked.json()["metadata"]["cancel_attempted_at"]

    refused = await web.http.delete(f"{API}/jobs/{running}")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_running")
    deleted = await web.http.delete(f"{API}/jobs/{waiting}")
    assert (deleted.status_code, deleted.json()["id"]) == (200, waiting)
    assert (await web.http.get(f"{API}/jobs/{waiting}")).status_code == 404


async def test_a_retry_that_meets_its_successor_is_a_conflict(web: Web) -> None:
    args = ScanLibraryArgs(library_id=uuid7())
    first = await web.client.insert(args)
    await web.client.jobs.cancel(first.job.id)
    await web.client.insert(args)

    answer = await web.http.post(f"{API}/jobs/{first.job.id}/retry")

    assert (answer.status_code, answer.json()["code"]) == (409, "unique_conflict")


async def test_statistics_tell_what_waits_fails_and_flows(web: Web, factory: JobFactory) -> None:
    await factory.id_of(queue="low")
    await factory.id_of(state="completed")

    statistics = (await web.http.get(f"{API}/jobs/stats")).json()

    assert set(statistics) == {"queues", "failures", "throughput"}
    [low] = [queue for queue in statistics["queues"] if queue["queue"] == "low"]
    assert low["by_state"]["available"] == 1
    assert [minute["completed"] for minute in statistics["throughput"]] == [1]


async def test_queues_are_paused_and_resumed_by_name_and_all(web: Web, driver: PsycopgDriver) -> None:
    for name in ("default", "low"):
        await driver.queue_create_or_set_updated_at(name)

    async def paused() -> dict[str, bool]:
        queues = (await web.http.get(f"{API}/queues")).json()["queues"]
        return {queue["name"]: queue["paused_at"] is not None for queue in queues}

    assert await paused() == {"default": False, "low": False}
    assert (await web.http.put(f"{API}/queues/low/pause")).status_code == 204
    low = (await web.http.get(f"{API}/queues/low")).json()
    assert (low["name"], low["paused_at"] is not None) == ("low", True)
    assert (await web.http.get(f"{API}/queues/nowhere")).json()["code"] == "not_found"
    assert await paused() == {"default": False, "low": True}
    assert (await web.http.put(f"{API}/queues/*/pause")).status_code == 204
    assert await paused() == {"default": True, "low": True}
    assert (await web.http.put(f"{API}/queues/low/resume")).status_code == 204
    assert (await web.http.put(f"{API}/queues/%2A/resume")).status_code == 204
    assert await paused() == {"default": False, "low": False}


@pytest.fixture
def patient_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one loads what it compares with; on a busy machine that takes longer than a balancer would wait."""
    monkeypatch.setattr("app.web.readiness.PATIENCE", 60.0)


@pytest.mark.usefixtures("patient_probes")
async def test_a_node_is_ready_when_all_its_probes_say_so(web: Web) -> None:
    ready = await web.http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert {probe["name"] for probe in ready.json()["probes"]} == {"serving", "database", "queue", "workers"}
    assert (await web.http.head("/readyz")).status_code == 200

    web.lifecycle.stopping.set()
    ready = await web.http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert {"name": "serving", "ready": False, "detail": "stopping"} in ready.json()["probes"]
    assert (await web.http.get("/healthz")).status_code == 200


@pytest.mark.usefixtures("patient_probes")
async def test_a_database_of_another_revision_is_not_ready(web: Web, shelf: Shelf) -> None:
    async with shelf.transactions.begin() as tx:
        await tx.connection.execute("UPDATE alembic_version SET version_num = '0000'")

    ready = await web.http.get("/readyz")

    assert ready.status_code == 503
    assert any("revision 0000" in probe.get("detail", "") for probe in ready.json()["probes"])


async def test_metrics_are_prometheus_text(web: Web) -> None:
    answer = await web.http.get("/metrics")

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE revenge_http_requests_total counter" in answer.text


async def test_jobs_the_oldest_first_and_items_with_all_below_them(web: Web, shelf: Shelf, factory: JobFactory) -> None:
    jobs = [await factory.id_of(state="completed") for _ in range(2)]
    listed = (await web.http.get("/api/v1/jobs", params={"oldest_first": "true"})).json()["jobs"]
    assert [job["id"] for job in listed] == jobs

    library = await shelf.library(name="Shows", kind="tvshows")
    series = await shelf.item(library, "Dark", kind="series")
    await shelf.item(library, "Season 1", kind="season", parent_id=series, number=1)
    (tree,) = (await web.http.get("/api/v1/items/tree", params={"kind": "series"})).json()["items"]
    assert (tree["title"], [child["title"] for child in tree["children"]]) == ("Dark", ["Season 1"])
    assert (await web.http.get("/api/v1/items/tree", params={"limit": 101})).status_code == 400
