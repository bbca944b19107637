"""The verbs on queues, and what their producers are told, byte for byte (contract 4.2, 11)."""

import pytest

from app.errors import InvalidInput
from app.jobs.errors import QueueNotFound
from app.jobs.queue_control import QueueControl
from app.jobs.types import Topic
from tests.fixtures.announcements import announced


@pytest.fixture
async def control(driver):
    for name in ("default", "low"):
        await driver.queue_create_or_set_updated_at(name)
    return QueueControl(driver)


async def test_pause_and_resume_are_told_every_time(control, driver):
    async with announced(driver, Topic.CONTROL) as heard:
        for _ in range(2):
            await control.pause("default")
        assert (await control.get("default")).paused_at is not None
        assert (await control.get("low")).paused_at is None
        await control.pause("*")
        assert all(queue.paused_at for queue in await control.list())
        await control.resume("*")
        await control.resume("low")

    assert heard == [
        '{"action":"pause","queue":"default"}',
        '{"action":"pause","queue":"default"}',
        '{"action":"pause","queue":"*"}',
        '{"action":"resume","queue":"*"}',
        '{"action":"resume","queue":"low"}',
    ]


async def test_unknown_queues_are_named_and_nobody_is_told(control, driver):
    async with announced(driver, Topic.CONTROL) as heard:
        for act in (
            control.pause("none"),
            control.resume("a b"),
            control.get("x" * 129),
            control.get("\x00"),
            control.pause("\ud800"),
        ):
            with pytest.raises(QueueNotFound):
                await act
        with pytest.raises(QueueNotFound):
            await control.update("*", metadata={"a": 1})

    assert heard == []


async def test_metadata_is_replaced_and_told(control, driver):
    async with announced(driver, Topic.CONTROL) as heard:
        await control.update("default", metadata={"b": {"z": 1.0, "a": "<"}})
        queue = await control.update("default", metadata=b'{ "limit" : 1.10, "t": "<&>" }')

    assert queue.metadata == b'{"t": "<&>", "limit": 1.10}'
    assert heard == [
        '{"action":"metadata_changed","metadata":{"b":{"a":"\\u003c","z":1}},"queue":"default"}',
        '{"action":"metadata_changed","metadata":{"limit":1.10,"t":"\\u003c\\u0026\\u003e"},"queue":"default"}',
    ]


@pytest.mark.parametrize("metadata", [b"[1]", b"x", {"a": object()}, {"a": "x" * 8_000}])
async def test_metadata_that_cannot_be_kept_or_told_is_refused(control, metadata):
    with pytest.raises(InvalidInput) as caught:
        await control.update("default", metadata=metadata)

    assert caught.value.field == "metadata"
    assert (await control.get("default")).metadata == b"{}"


async def test_the_largest_metadata_that_can_be_told(control, driver):
    frame = len('{"action":"metadata_changed","metadata":{"a":""},"queue":"default"}')
    async with announced(driver, Topic.CONTROL) as heard:
        await control.update("default", metadata={"a": "x" * (7_999 - frame)})

    assert len(heard[0]) == 7_999


async def test_every_verb_works_in_the_callers_transaction(control, driver, connection):
    async with announced(driver, Topic.CONTROL) as heard, connection.transaction(force_rollback=True):
        await control.pause_tx(connection, "*")
        assert [bool(queue.paused_at) for queue in await control.list_tx(connection)] == [True, True]
        await control.resume_tx(connection, "default")
        assert (await control.get_tx(connection, "default")).paused_at is None
        assert (await control.update_tx(connection, "low", metadata={"a": 1})).metadata == b'{"a": 1}'
        assert (await control.get("low")).metadata == b"{}"

    assert heard == []
    assert not any(queue.paused_at for queue in await control.list())


@pytest.mark.parametrize("limit", [0, 10_001])
async def test_a_listing_has_limits(control, limit):
    with pytest.raises(InvalidInput):
        await control.list(limit)
