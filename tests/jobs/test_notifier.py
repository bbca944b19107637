"""Listening through everything that can happen to a connection."""

import asyncio

import pytest

from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.notifier import LONGEST_PAUSE, Notifier, decode_payload, reconnect_pause
from app.jobs.types import Topic
from tests.fixtures.clients import PATIENCE, until


@pytest.fixture
async def notifier(driver):
    notifier = Notifier(driver)
    notifier.listening_again.init()
    await notifier.start()
    yield notifier
    await notifier.stop()


class Ear:
    def __init__(self, notifier: Notifier, topic: Topic = Topic.INSERT) -> None:
        self.heard: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        self.gaps = 0
        self.unsubscribe = notifier.subscribe(topic, self.heard.put_nowait, on_gap=self.gap)

    def gap(self) -> None:
        self.gaps += 1

    async def hear(self) -> dict[str, object]:
        async with asyncio.timeout(PATIENCE):
            return await self.heard.get()


async def test_every_topic_reaches_its_subscribers_and_no_others(notifier, driver):
    insert, control, leadership = (Ear(notifier, topic) for topic in Topic)
    for topic in Topic:
        await driver.notify_many(topic, [f'{{"topic": "{topic}"}}'])
    assert await insert.hear() == {"topic": "river_insert"}
    assert await control.hear() == {"topic": "river_control"}
    assert await leadership.hear() == {"topic": "river_leadership"}
    assert insert.heard.empty() and control.heard.empty()  # noqa: PT018  one fact about both


async def test_nonsense_and_a_failing_subscriber_silence_nobody(notifier, driver):
    def fail(_payload: object) -> None:
        raise KeyError

    notifier.subscribe(Topic.INSERT, fail)
    ear = Ear(notifier)
    await driver.notify_many(Topic.INSERT, ["", "{", "[1]", "null", '{"queue": "default"}'])
    assert await ear.hear() == {"queue": "default"}


async def test_who_left_hears_nothing(notifier, driver):
    gone, present = Ear(notifier), Ear(notifier)
    gone.unsubscribe()
    gone.unsubscribe()
    await driver.notify_many(Topic.INSERT, ["{}"])
    await present.hear()
    assert gone.heard.empty()


async def test_a_terminated_backend_is_replaced_and_the_gap_is_told(notifier, driver, connection):
    ear = Ear(notifier)
    terminated = await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND query LIKE 'LISTEN%'"
    )
    assert terminated.rowcount == 1
    await notifier.listening_again.wait(PATIENCE)
    assert ear.gaps == 1
    await driver.notify_many(Topic.INSERT, ['{"after": "the gap"}'])
    assert await ear.hear() == {"after": "the gap"}


async def test_a_cut_wire_is_listened_on_again_once_mended(wire, driver):
    far = PsycopgDriver(lambda: wire.conninfo, "river")
    notifier = Notifier(far)
    notifier.listening_again.init()
    await notifier.start()
    ear = Ear(notifier)
    wire.cut()
    await until(lambda: wire.refused >= 3)
    assert not notifier.is_listening
    wire.mend()
    await notifier.listening_again.wait(PATIENCE)
    await driver.notify_many(Topic.INSERT, ['{"after": "the gap"}'])
    assert await ear.hear() == {"after": "the gap"}
    await notifier.stop()


async def test_a_wire_that_only_swallows_is_noticed_by_its_silence(wire, driver, monkeypatch):
    monkeypatch.setattr("app.jobs.notifier.IDLE_PING", 0.05)
    monkeypatch.setattr("app.jobs.notifier.CONNECT_TIMEOUT", 0.5)
    notifier = Notifier(PsycopgDriver(lambda: wire.conninfo, "river"))
    notifier.listening_again.init()
    await notifier.start()
    wire.freeze()
    await until(lambda: not notifier.is_listening)
    wire.thaw()
    await notifier.listening_again.wait(PATIENCE)
    await notifier.stop()


async def test_it_starts_without_a_database_and_goes_on_trying(wire):
    wire.cut()
    notifier = Notifier(PsycopgDriver(lambda: wire.conninfo, "river"))
    notifier.listening_again.init()
    await notifier.start()
    assert not notifier.is_listening
    wire.mend()
    await notifier.listening_again.wait(PATIENCE)
    await notifier.stop()


async def test_ten_tasks_starting_and_stopping_fifty_times_leave_nothing(driver):
    notifier = Notifier(driver)

    async def stress() -> None:
        for _ in range(50):
            await notifier.start()
            await notifier.stop()

    await asyncio.gather(*(stress() for _ in range(10)))
    assert not notifier.is_listening


def test_pauses_grow_to_a_few_seconds_and_no_further():
    for failures, base in [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 4), (10_000, 4)]:
        assert 0.9 * base <= reconnect_pause(failures) <= 1.1 * base
    assert 1.1 * LONGEST_PAUSE + 5 < 10  # connecting included: listening again within ten seconds


@pytest.mark.parametrize("payload", ["", "{", "[]", "1", '"text"', "{\ud800}"])
def test_what_is_no_object_is_ignored(payload):
    assert decode_payload(payload) is None
