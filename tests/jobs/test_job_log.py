"""The log of each attempt on its job's row, in River's form and within River's limits (contract 12.7)."""

import asyncio
import logging
from datetime import timedelta

import msgspec
import pytest

from app.jobs.errors import JobError, JobSnooze
from app.jobs.job_log import CEILING, JobLogMiddleware, Lines, earlier_logs, fitting
from app.jobs.types import JobState
from app.observability import ContextLines
from tests.fixtures.clients import PlainFunction, WorkArgs, WorkFunction, do_nothing, until_state

log = logging.getLogger("tests.jobs.test_job_log")


@pytest.fixture(autouse=True)
def lines_are_seen():
    handler = ContextLines()
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    before = log.level
    log.setLevel(logging.INFO)
    yield
    log.setLevel(before)
    logging.getLogger().removeHandler(handler)


async def logs_of(client, *, state=JobState.COMPLETED, metadata="{}", factory=None):
    await client.start()
    if factory is None:
        job_id = (await client.insert(WorkArgs())).job.id
    else:
        job_id = await factory.id_of(kind=WorkArgs.kind, metadata=metadata)
    job = await until_state(client, job_id, state)
    return job.metadata_value().get("river:log")


async def test_each_attempt_leaves_its_lines(make_client):
    async def work(job):
        log.info("attempt %d begins", job.attempt)
        await asyncio.create_task(say("in a task of it"))
        log.debug("for nobody")
        if job.attempt == 1:
            raise JobError("again")

    async def say(what):
        log.warning(what)

    logs = await logs_of(make_client(WorkFunction(work), middleware=[JobLogMiddleware()]))
    assert logs == [
        {"attempt": 1, "log": "INFO attempt 1 begins\nWARNING in a task of it\n"},
        {"attempt": 2, "log": "INFO attempt 2 begins\nWARNING in a task of it\n"},
    ]


async def test_a_thread_leaves_them_too(make_client):
    logs = await logs_of(
        make_client(PlainFunction(lambda job: log.info("job %d", job.id)), middleware=[JobLogMiddleware()])
    )
    assert logs == [{"attempt": 1, "log": "INFO job 1\n"}]


async def test_a_silent_attempt_leaves_nothing(make_client, factory):
    log.info("of nobody")
    client = make_client(WorkFunction(do_nothing), middleware=[JobLogMiddleware()])
    assert await logs_of(client) is None
    assert (await factory.raw(1))["metadata_text"] == "{}"


async def test_two_jobs_at_once_keep_their_lines_apart(make_client):
    both = asyncio.Barrier(2)

    async def work(job):
        log.info("begin %d", job.id)
        await both.wait()
        log.info("end %d", job.id)

    client = make_client(WorkFunction(work), middleware=[JobLogMiddleware()])
    await client.start()
    for result in await client.insert_many([WorkArgs(), WorkArgs()]):
        job = await until_state(client, result.job.id)
        assert job.metadata_value()["river:log"] == [{"attempt": 1, "log": f"INFO begin {job.id}\nINFO end {job.id}\n"}]


async def test_lines_outlive_a_crash_and_a_snooze_and_join_what_stands_there(make_client, factory):
    async def work(job):
        log.info("so far")
        if "snoozes" not in job.row.metadata_value():
            raise JobSnooze(timedelta(0))
        raise ZeroDivisionError

    client = make_client(WorkFunction(work), middleware=[JobLogMiddleware()])
    job_id = await factory.id_of(
        kind=WorkArgs.kind, max_attempts=1, metadata='{"river:log": [{"attempt": 9, "log": "Go was here"}], "mine": 1}'
    )
    await client.start()
    metadata = (await until_state(client, job_id)).metadata_value()
    assert metadata["river:log"] == [
        {"attempt": 9, "log": "Go was here"},
        {"attempt": 1, "log": "INFO so far\n"},
        {"attempt": 1, "log": "INFO so far\n"},
    ]
    assert (metadata["mine"], metadata["snoozes"]) == (1, 1)


async def test_what_is_no_log_is_left_as_it_is(make_client, factory):
    async def work(_job):
        log.info("here")

    client = make_client(WorkFunction(work), middleware=[JobLogMiddleware()])
    assert await logs_of(client, factory=factory, metadata='{"river:log": "a text"}') == "a text"


async def test_characters_that_no_database_takes_are_replaced_and_nothing_else_is_lost(make_client):
    async def work(_job):
        log.info("a\x00b\udce4c%s", "x" * 150_000)

    logs = await logs_of(make_client(WorkFunction(work), middleware=[JobLogMiddleware()]))
    assert logs == [{"attempt": 1, "log": "INFO a\ufffdb\ufffdc" + "x" * 150_000 + "\n"}]


def test_an_attempt_keeps_its_first_bytes_cut_between_characters():
    lines = Lines(8)
    for line in ("abc", "äöü", "lost"):
        lines.take(line)
    assert lines.text() == "abc\näö"


@pytest.mark.parametrize(
    ("max_total", "kept"),
    [(10_000, [1, 2, 3, 4]), (91, [2, 3, 4]), (90, [3, 4]), (1, [4])],
    ids=["all", "exactly", "one less", "the last in any case"],
)
def test_the_oldest_are_dropped(max_total, kept):
    """Each takes 29 bytes, so three of them are a list of 91."""
    entries = [msgspec.json.encode({"attempt": number, "log": "0123456"}) for number in (1, 2, 3, 4)]
    found = fitting([msgspec.Raw(entry) for entry in entries[:3]], entries[3], max_total)
    assert [entry["attempt"] for entry in msgspec.json.decode(found)] == kept
    assert len(bytes(found)) <= max_total or kept == [4]


def test_logs_of_others_keep_every_character():
    metadata = b'{"river:log": [{"attempt": 1, "log": "x", "extra": 1.10}]}'
    assert [bytes(one) for one in earlier_logs(metadata)] == [b'{"attempt": 1, "log": "x", "extra": 1.10}']


def test_nobody_keeps_more_than_river_would():
    assert JobLogMiddleware(max_total_bytes=2 * CEILING)._max_total == CEILING
