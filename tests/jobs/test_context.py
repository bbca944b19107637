"""The client whose job this is, found by code that was handed none (contract 12.3)."""

import asyncio

import pytest

from app.jobs.context import NoClientInContext, client_from_context
from app.jobs.insert_opts import InsertOpts
from app.jobs.types import QueueConfig
from tests.fixtures.clients import PlainFunction, WorkArgs, WorkFunction, until_state


def test_outside_of_a_worker_there_is_none():
    with pytest.raises(NoClientInContext, match="not called by a worker"):
        client_from_context()


@pytest.mark.parametrize("worker_of", [WorkFunction, PlainFunction])
async def test_each_worker_finds_the_client_that_works_its_job(make_client, worker_of):
    found = {}

    def note(job):
        found[job.row.queue] = client_from_context()

    async def note_in_a_task(job):
        await asyncio.create_task(asyncio.to_thread(note, job))

    worker = worker_of(note if worker_of is PlainFunction else note_in_a_task)
    clients = {name: make_client(worker, queues={name: 1}) for name in ("first", "second")}
    for client in clients.values():
        await client.start()
    await clients["first"].add_queue("third", QueueConfig(1))
    for name in ("first", "second", "third"):
        inserted = await clients["first"].insert(WorkArgs(), InsertOpts(queue=name))
        await until_state(clients["first"], inserted.job.id)
    assert found == {**clients, "third": clients["first"]}
    with pytest.raises(NoClientInContext):
        client_from_context()


async def test_a_worker_may_insert_by_it(make_client):
    async def insert_another(job):
        if job.args.number == 0:
            result = await client_from_context().insert(WorkArgs(number=1))
            job.record_output(result.job.id)

    client = make_client(WorkFunction(insert_another))
    await client.start()
    first = await until_state(client, (await client.insert(WorkArgs())).job.id)
    second = await until_state(client, first.metadata_value()["output"])
    assert second.args_value() == {"number": 1}
