"""The adapter as the harness meets it: a process with pipes, a database of its own, and nobody's Go."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conformance.protocol import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    NOT_FOUND,
    PARSE_ERROR,
    REJECTED,
)
from tests.fixtures.clients import until

pytestmark = pytest.mark.process

NAME = "river-conformance-python-1"
SCHEMA = "Conformance Schema"
PATIENCE = 60


class Refused(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code = error["code"]


class Adapter:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._number = 0

    async def send(self, line: bytes) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + b"\n")
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.process.stdout.readline())

    async def ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        answer = await self.send(json.dumps(request).encode())
        assert (answer["jsonrpc"], answer["id"]) == ("2.0", self._number)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    async def refusal(self, method: str, **params: Any) -> int:
        with pytest.raises(Refused) as caught:
            await self.ask(method, **params)
        return caught.value.code

    async def insert(self, behavior: str = "", message: str = "", **scope: Any) -> dict[str, Any]:
        job = {"behavior": behavior, "message": message, "opts": scope.pop("opts", {})}
        (result,) = (await self.ask("insert", jobs=[job], **scope))["results"]
        return result["job"]

    async def job(self, job_id: int) -> dict[str, Any]:
        (job,) = (await self.ask("list", ids=[job_id]))["jobs"]
        return job

    async def until_state(self, job_id: int, state: str) -> dict[str, Any]:
        async def reached() -> dict[str, Any] | None:
            job = await self.job(job_id)
            return job if job["state"] == state else None

        return await until(reached)

    async def end(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@pytest.fixture
async def url(empty_database_url: str) -> str:
    async with await psycopg.AsyncConnection.connect(empty_database_url, autocommit=True) as connection:
        await connection.execute(f'CREATE SCHEMA "{SCHEMA}"')
    path = f'-csearch_path="{SCHEMA}"'.replace(" S", "\\ S")  # a blank within an option is escaped
    return f"{empty_database_url}{'&' if '?' in empty_database_url else '?'}options={quote(path, safe='')}"


@pytest.fixture
async def unmigrated(url: str) -> AsyncIterator[Adapter]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.conformance",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "RIVER_CONFORMANCE_DRIVER": "postgres",
            "RIVER_CONFORMANCE_DATABASE_URL": url,
            "RIVER_CONFORMANCE_APPLICATION_NAME": NAME,
        },
        limit=64 * 1024 * 1024,
    )
    adapter = Adapter(process)
    try:
        yield adapter
        assert await adapter.end() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def adapter(unmigrated: Adapter) -> Adapter:
    await unmigrated.ask("migrate")
    return unmigrated


async def test_it_says_who_it_is_before_there_are_tables(unmigrated):
    answer = await unmigrated.ask("handshake")
    assert (answer["driver"], answer["implementation"]) == ("postgres", "python")
    assert answer["version"]


async def test_it_is_strict_about_what_it_is_asked(unmigrated):
    assert await unmigrated.refusal("handshake", extra=1) == INVALID_PARAMS
    assert await unmigrated.refusal("nonsense") == METHOD_NOT_FOUND
    assert await unmigrated.refusal("insert", jobs=[{"opts": {"speed": 1}}]) == INVALID_PARAMS
    assert await unmigrated.refusal("start", client_id="me", speed=1) == INVALID_PARAMS
    assert await unmigrated.refusal("start", client_id="me", worker_kinds=["other"]) == INVALID_PARAMS
    assert await unmigrated.refusal("start", client_id="me", periodic_unique=True) == INVALID_PARAMS
    assert await unmigrated.refusal("queue", name="default", action="rename") == INVALID_PARAMS
    assert await unmigrated.refusal("migrate", direction="sideways") == INVALID_PARAMS
    assert await unmigrated.refusal("tx_begin", tx="") == INVALID_PARAMS


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"nonsense", PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":"one","method":"handshake"}', PARSE_ERROR),
        (b'{"jsonrpc":"1.0","id":1,"method":"handshake"}', INVALID_REQUEST),
    ],
)
async def test_a_line_that_is_no_request_is_answered_and_the_next_one_too(unmigrated, line, code):
    assert (await unmigrated.send(line))["error"]["code"] == code
    assert "result" in await unmigrated.send(b'{"jsonrpc":"2.0","id":1,"method":"handshake","params":null}')


async def test_tables_go_up_and_down_step_by_step(unmigrated):
    assert (await unmigrated.ask("migrate", target_version=4))["versions"] == [1, 2, 3, 4]
    assert (await unmigrated.ask("migrate"))["versions"] == [5, 6, 7, 8]
    assert (await unmigrated.ask("migrate"))["versions"] == []
    assert (await unmigrated.ask("migrate", direction="down"))["versions"] == [8]
    assert (await unmigrated.ask("migrate", direction="down", target_version=-1))["versions"] == [7, 6, 5, 4, 3, 2, 1]
    assert await unmigrated.refusal("migrate", target_version=99) == REJECTED
    assert await unmigrated.refusal("insert", jobs=[{}]) == REJECTED


async def test_a_job_is_inserted_and_worked(adapter):
    inserted = await adapter.insert("output", "hello")
    assert inserted["args"] == {"behavior": "output", "duration_ms": 0, "message": "hello"}
    assert (inserted["state"], inserted["errors"], inserted["unique_states"]) == ("available", [], None)
    assert inserted["created_at"].endswith("Z")
    assert await adapter.refusal("stats") == REJECTED

    await adapter.ask("start", client_id="me")
    assert await adapter.refusal("start", client_id="other") == REJECTED
    worked = await adapter.until_state(inserted["id"], "completed")
    await until(lambda: has_event(adapter, "job_completed"))
    await adapter.ask("stop")

    assert worked["metadata"] == {"output": {"message": "hello"}}
    assert (worked["attempt"], worked["attempted_by"]) == (1, ["me"])
    assert await adapter.refusal("stop") == REJECTED


async def has_event(adapter, kind) -> bool:
    return kind in (await adapter.ask("stats"))["events"]


@pytest.mark.parametrize(
    ("behavior", "errors"),
    [
        ("", []),
        ("sleep", []),
        ("snooze_once", []),
        ("error", ["conformance retryable error"]),
        ("cancel", ["JobCancelError: cancelled by conformance worker"]),
        ("resumable_cursor", ["retry with cursor", "retry after consuming cursor"]),
        ("juggle", ["unknown behavior 'juggle'"]),
    ],
)
async def test_every_behaviour_ends_as_it_should(adapter, behavior, errors):
    only_once = {"opts": {"max_attempts": 1}} if behavior in {"error", "juggle"} else {}
    inserted = await adapter.insert(behavior, **only_once)
    await adapter.ask("start", client_id="me", retry_delay_ms=1, fetch_poll_interval_ms=20)
    state = {"error": "discarded", "juggle": "discarded", "cancel": "cancelled"}.get(behavior, "completed")
    job = await adapter.until_state(inserted["id"], state)
    await adapter.ask("stop")

    assert [error["error"] for error in job["errors"]] == errors
    assert {error["trace"] for error in job["errors"]} <= {""}
    if behavior == "resumable_cursor":
        assert (job["metadata"]["first_attempt"], job["metadata"]["cursor_observed"]) == (1, 7)


async def test_a_batch_goes_in_whole_or_not_at_all(adapter):
    assert await adapter.refusal("insert", jobs=[]) == REJECTED
    assert await adapter.refusal("insert", jobs=[{}, {"opts": {"priority": 99}}]) == REJECTED
    twin = {"opts": {"unique": {"by_args": True}}}
    assert await adapter.refusal("insert", jobs=[twin, twin]) == REJECTED
    assert (await adapter.ask("list"))["jobs"] == []
    first, second = [(await adapter.ask("insert", jobs=[twin]))["results"][0] for _ in range(2)]
    assert [one["unique_skipped_as_duplicate"] for one in (first, second)] == [False, True]
    assert first["job"] == second["job"]


async def test_numbers_keep_every_digit(adapter):
    metadata = b'{"big":123456789012345678901234567890,"fine":0.1234567890123456789012345678901234}'
    line = b'{"jsonrpc":"2.0","id":1,"method":"insert","params":{"jobs":[{"opts":{"metadata":' + metadata + b"}}]}}"
    assert adapter.process.stdin is not None
    assert adapter.process.stdout is not None
    adapter.process.stdin.write(line + b"\n")
    answer = await adapter.process.stdout.readline()

    assert b"123456789012345678901234567890" in answer
    assert b"0.1234567890123456789012345678901234" in answer


async def test_a_transaction_is_seen_when_it_commits(adapter):
    for name in ("kept", "dropped"):
        await adapter.ask("tx_begin", tx=name)
    assert await adapter.refusal("tx_begin", tx="kept") == REJECTED
    kept, dropped = await adapter.insert(tx="kept"), await adapter.insert(tx="dropped")
    assert (await adapter.ask("cancel", id=kept["id"], tx="kept"))["state"] == "cancelled"
    assert [job["id"] for job in (await adapter.ask("list", tx="kept"))["jobs"]] == [kept["id"]]
    assert (await adapter.ask("list"))["jobs"] == []
    await adapter.ask("tx_end", tx="kept", commit=True)
    await adapter.ask("tx_end", tx="dropped")

    assert await adapter.refusal("tx_end", tx="kept", commit=True) == NOT_FOUND
    assert (await adapter.job(kept["id"]))["state"] == "cancelled"
    assert (await adapter.ask("list", ids=[dropped["id"]]))["jobs"] == []


async def test_a_failed_transaction_cannot_be_committed_and_its_name_is_free_again(adapter):
    await adapter.ask("migrate", direction="down", target_version=-1)
    await adapter.ask("tx_begin", tx="a")
    assert await adapter.refusal("insert", jobs=[{}], tx="a") == REJECTED
    assert await adapter.refusal("tx_end", tx="a", commit=True) == REJECTED
    await adapter.ask("tx_begin", tx="a")


async def test_what_does_not_exist_is_not_found(adapter):
    assert await adapter.refusal("cancel", id=1) == NOT_FOUND
    assert await adapter.refusal("retry", id=1) == NOT_FOUND
    assert await adapter.refusal("queue", action="pause", name="nowhere") == NOT_FOUND
    assert await adapter.refusal("list", tx="nowhere") == NOT_FOUND


async def test_a_listing_goes_on_where_its_cursor_says(adapter):
    ids = [(await adapter.insert(message=str(number)))["id"] for number in range(3)]
    page = await adapter.ask("list", limit=2, direction="desc")
    rest = await adapter.ask("list", limit=2, direction="desc", after=page["cursor"])
    nothing = await adapter.ask("list", after=rest["cursor"], direction="desc")

    assert [job["id"] for job in page["jobs"] + rest["jobs"]] == ids[::-1]
    assert nothing == {"cursor": None, "jobs": []}
    assert await adapter.refusal("list", after="nonsense") == INVALID_PARAMS
    assert await adapter.refusal("list", order_by="finalized_at") == REJECTED


async def test_a_barrier_holds_until_it_is_released_before_or_after(adapter):
    await adapter.ask("start", client_id="me")
    waiting = await adapter.insert("barrier_output", "gate")
    await adapter.until_state(waiting["id"], "running")
    await adapter.ask("release", name="gate")
    assert (await adapter.until_state(waiting["id"], "completed"))["metadata"] == {"output": {"race": "worker"}}
    late = await adapter.insert("barrier_wait", "gate")
    await adapter.until_state(late["id"], "completed")
    await adapter.ask("stop")


async def test_a_cancel_meets_a_claim_that_is_held(adapter):
    """Running in the table, in no worker's hands yet: the cancellation must not be lost in between."""
    inserted = await adapter.insert("cooperative_cancel")
    await adapter.ask("start", client_id="me", claim_barrier="claim", queues=["default", "other"])
    await adapter.until_state(inserted["id"], "running")
    paused = await adapter.insert()
    await adapter.ask("cancel", id=inserted["id"])
    await adapter.ask("queue", action="pause", name="default")  # told of once the claim has landed
    await adapter.ask("queue", action="pause", name="other")
    await until(lambda: has_event(adapter, "queue_paused"))  # the other's, heard after the cancellation
    await adapter.ask("release", name="claim")
    job = await adapter.until_state(inserted["id"], "cancelled")

    assert [error["error"] for error in job["errors"]] == ["JobCancelError: job cancelled remotely"]
    assert (await adapter.ask("stats"))["cancelled_at_start"] == 1
    assert (await adapter.job(paused["id"]))["state"] == "available"
    await adapter.ask("stop")


async def test_a_stop_that_cancels_gives_the_attempt_back(adapter):
    inserted = await adapter.insert("barrier_wait", "never")
    await adapter.ask("start", client_id="me", claim_barrier="held")
    await adapter.until_state(inserted["id"], "running")
    await adapter.ask("stop", cancel=True)

    job = await adapter.job(inserted["id"])
    assert (job["state"], job["attempt"], job["errors"]) == ("available", 0, [])


async def test_the_leader_enqueues_its_periodic_jobs(adapter):
    assert await adapter.refusal("start", leader_election_disabled=True, periodic_run_on_start=True) == REJECTED
    await adapter.ask("start", client_id="me", periodic_run_on_start=True, periodic_unique=True)
    jobs = await until(lambda: listed(adapter, 2))
    assert (await adapter.ask("stats"))["periodic_starts"] == 1
    await adapter.ask("stop")

    assert [job["args"]["message"] for job in jobs] == ["periodic run on start", "periodic marker"]
    assert jobs[0]["metadata"] == {"periodic": True, "river:periodic_job_id": "conformance-periodic"}


async def listed(adapter, count) -> list[dict[str, Any]] | None:
    jobs = (await adapter.ask("list"))["jobs"]
    return jobs if len(jobs) == count else None


async def test_another_schema_is_worked_when_asked_for(adapter, url):
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute('CREATE SCHEMA "Other"')
    await adapter.ask("migrate", schema="Other")
    inserted = await adapter.insert(schema="Other")
    await adapter.ask("start", client_id="me", schema="Other")

    async def is_done() -> bool:
        (job,) = (await adapter.ask("list", schema="Other"))["jobs"]
        return job["id"] == inserted["id"] and job["state"] == "completed"

    await until(is_done)
    await adapter.ask("stop")
    assert (await adapter.ask("list"))["jobs"] == []
    assert await adapter.refusal("insert", jobs=[{}], schema="s" * 47) == REJECTED


async def test_every_connection_has_the_given_name_and_few_are_enough(adapter, url):
    await adapter.ask("start", client_id="me")
    await adapter.ask("tx_begin", tx="a")
    for _ in range(5):
        await adapter.insert()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row) as connection:

        async def sessions_that_listen() -> list[dict[str, Any]] | None:
            """Return all sessions as soon as one of them listens: a start does not wait for that."""
            cursor = await connection.execute(
                "SELECT application_name, query FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            found = await cursor.fetchall()
            return found if any(session["query"].startswith("LISTEN") for session in found) else None

        sessions = await until(sessions_that_listen)

    assert {session["application_name"] for session in sessions} == {NAME}
    assert len(sessions) <= 10


async def test_the_end_of_the_input_ends_everything(adapter, url):
    """A client that works, a worker that waits for ever, an open transaction: it ends all the same, and well."""
    inserted = await adapter.insert("barrier_wait", "never")
    await adapter.ask("start", client_id="me")
    await adapter.until_state(inserted["id"], "running")
    await adapter.ask("tx_begin", tx="a")
    await adapter.insert(tx="a")

    assert await adapter.end() == 0
    async with await psycopg.AsyncConnection.connect(url, row_factory=dict_row) as connection:
        rows = await (await connection.execute("SELECT id, state::text FROM river_job")).fetchall()
    assert rows == [{"id": inserted["id"], "state": "available"}]


async def test_another_database_is_refused(url):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.conformance",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "RIVER_CONFORMANCE_DRIVER": "sqlite"},
    )
    output, told = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    assert b"sqlite" in told
