"""Signs of life, and how long they can be trusted."""

import asyncio

import psycopg
import pytest

from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.presence import GAP, Presence
from tests.fixtures.clients import until


@pytest.fixture
async def presence(driver):
    presence = Presence(driver, "me", lambda: ["default", "high"])
    yield presence
    await presence.stop()


async def test_a_start_says_so_and_a_stop_takes_it_back(presence, driver):
    await presence.start()
    (present,) = await driver.client_list()
    assert (present.id, list(present.queues)) == ("me", ["default", "high"])
    await presence.stop()
    assert await driver.client_list() == []


async def test_what_still_runs_keeps_the_row(presence, driver):
    await presence.start()
    presence.keep = True
    await presence.stop()
    assert [present.id for present in await driver.client_list()] == ["me"]


async def test_signs_are_repeated(presence, driver, monkeypatch):
    monkeypatch.setattr("app.jobs.presence.INTERVAL", 0.02)
    await presence.start()
    (first,) = await driver.client_list()

    async def seen_again() -> bool:
        (present,) = await driver.client_list()
        return present.seen_at > first.seen_at and present.started_at == first.started_at

    await until(seen_again)


async def test_it_counts_how_long_its_signs_have_been_steady(presence, monkeypatch):
    loop = asyncio.get_running_loop()
    now = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now)
    await presence.sign()
    assert presence.steady_for == 0
    now += 5
    await presence.sign()
    now += 5
    assert presence.steady_for == 10
    now += GAP
    assert presence.steady_for == 0, "a sign that is overdue makes us doubt at once"
    await presence.sign()
    assert presence.steady_for == 0, "and after the gap the count begins anew"


async def test_a_failed_sign_is_a_gap(wire, monkeypatch):
    monkeypatch.setattr("app.jobs.presence.INTERVAL", 0.02)
    monkeypatch.setattr("app.jobs.presence.WRITE_TIMEOUT", 0.2)
    far = PsycopgDriver(lambda: wire.conninfo, "river")
    await far.open()
    presence = Presence(far, "far", tuple)
    presence.signed.init()
    await presence.start()
    await until(lambda: presence.steady_for > 0)
    wire.cut()
    await until(lambda: presence.steady_for == 0)
    wire.mend()
    await until(lambda: presence.steady_for > 0)
    await presence.stop()
    await far.close()


async def test_a_start_fails_with_the_database(wire):
    far = PsycopgDriver(lambda: wire.conninfo, "river")
    await far.open()
    wire.cut()
    presence = Presence(far, "far", tuple)
    with pytest.raises((psycopg.OperationalError, TimeoutError)):
        async with asyncio.timeout(1):
            await presence.start()
    assert not presence.is_running
    await far.close()


async def test_ten_tasks_starting_and_stopping_fifty_times_leave_no_row(presence, driver):
    async def stress() -> None:
        for _ in range(50):
            await presence.start()
            await presence.stop()

    await asyncio.gather(*(stress() for _ in range(10)))
    assert await driver.client_list() == []


async def test_tables_of_rivers_own_making_have_no_place_for_signs(presence, connection, monkeypatch):
    """Whoever migrated with the river command has them; the client works there all the same."""
    monkeypatch.setattr("app.jobs.presence.INTERVAL", 0.02)
    await connection.execute("DROP TABLE river.revenge_client")

    await presence.start()
    await until(lambda: not presence.is_running)

    assert presence.steady_for == 0, "nobody is judged by signs that nobody gives"
