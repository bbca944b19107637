"""What Python's `riverqueue` inserts, announced to nobody, is worked all the same."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import riverqueue
import sqlalchemy
from pytest import fixture  # noqa: PT013  the only thing of pytest's used here
from riverqueue.driver import riversqlalchemy
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.jobs.types import JobState
from tests.fixtures.clients import MakeClient, until_state
from tests.interop.go_peer import GoPeer
from tests.interop.ours import WorkWorker, view, view_of_theirs

IN_RIVERS_SCHEMA = {"options": "-c search_path=river"}
"""It has no word for a schema, so the search path says it."""


@dataclass
class TheirArgs:
    text: str
    behavior: str = ""
    kind: str = "interop.work"

    def to_json(self) -> str:
        return f'{{"text": "{self.text}", "behavior": "{self.behavior}"}}'


@fixture
def engine(database_url: str) -> Iterator[sqlalchemy.Engine]:
    engine = sqlalchemy.create_engine(_url(database_url), connect_args=IN_RIVERS_SCHEMA)
    yield engine
    engine.dispose()


@fixture
async def async_engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(_url(database_url), connect_args=IN_RIVERS_SCHEMA)
    yield engine
    await engine.dispose()


def _url(database_url: str) -> sqlalchemy.URL:
    return sqlalchemy.make_url(database_url).set(drivername="postgresql+psycopg")


async def test_its_inserts_are_worked(engine: sqlalchemy.Engine, peer: GoPeer, make_client: MakeClient) -> None:
    theirs = riverqueue.Client(riversqlalchemy.Driver(engine))
    worker = WorkWorker()
    client = make_client(worker, queues={"default": 5, "other": 5}, fetch_poll_interval=timedelta(milliseconds=50))
    await client.start()

    one = theirs.insert(TheirArgs("one"))
    options = riverqueue.InsertOpts(
        queue="other", priority=3, max_attempts=7, tags=["abc"], scheduled_at=datetime.now(UTC) - timedelta(seconds=1)
    )
    late = theirs.insert(TheirArgs("é", "output"), insert_opts=options)
    count = theirs.insert_many([TheirArgs(str(number)) for number in range(5)])

    assert (one.job.state, late.job.state, count) == ("available", "scheduled", 5)
    done = await until_state(client, late.job.id, JobState.COMPLETED)
    assert (done.queue, done.priority, done.max_attempts, done.tags) == ("other", 3, 7, ["abc"])
    assert done.metadata_value() == {"output": {"text": "é"}}
    for job_id in range(one.job.id, one.job.id + 7):
        row = await until_state(client, job_id, JobState.COMPLETED)
        assert view(row) == view_of_theirs(await peer.call("get", id=job_id))
    assert len(worker.working) == 7


async def test_its_async_inserts_are_worked(async_engine: AsyncEngine, make_client: MakeClient) -> None:
    theirs = riverqueue.AsyncClient(riversqlalchemy.AsyncDriver(async_engine))
    worker = WorkWorker()
    client = make_client(worker, fetch_poll_interval=timedelta(milliseconds=50))
    await client.start()

    one = await theirs.insert(TheirArgs("one"))
    count = await theirs.insert_many([TheirArgs(str(number)) for number in range(5)])

    assert (one.job.state, count) == ("available", 5)
    for job_id in range(one.job.id, one.job.id + 6):
        await until_state(client, job_id, JobState.COMPLETED)
    assert len(worker.working) == 6
