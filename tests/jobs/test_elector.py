"""One leader at a time, for a bounded term."""

import asyncio

import pytest

from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.elector import TRUST, TTL, Elector
from app.jobs.notifier import Notifier
from app.jobs.types import Topic
from app.observability import Metrics
from tests.fixtures.clients import until


class Office:
    """What a leader starts and stops."""

    def __init__(self, failures: int = 0) -> None:
        self.is_held = False
        self.terms = 0
        self.failures = failures

    async def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not today")
        self.is_held = True
        self.terms += 1

    async def stop(self) -> None:
        self.is_held = False


@pytest.fixture
async def notifier(driver):
    notifier = Notifier(driver)
    await notifier.start()
    yield notifier
    await notifier.stop()


@pytest.fixture
async def candidates(driver, notifier):
    made: list[Elector] = []

    def make(name: str, *, office: Office | None = None, driver=driver, notifier=notifier) -> Elector:
        elector = Elector(driver, name, notifier, office or Office(), Metrics())
        elector.elected.init()
        elector.stepped_down.init()
        made.append(elector)
        return elector

    yield make
    for elector in made:
        await elector.stop()


async def test_the_first_to_bid_leads_and_the_second_follows(candidates, driver):
    office = Office()
    first, second = candidates("first", office=office), candidates("second")
    await first.start()
    term = await first.elected.wait()
    await second.start()
    await until(lambda: not second._bidding.locked())
    assert first.is_leader
    assert office.is_held
    assert not second.is_leader
    leader = await driver.leader_get()
    assert (leader.leader_id, leader.elected_at) == ("first", term.elected_at)
    assert TTL - 1 <= (leader.expires_at - leader.elected_at).total_seconds() <= TTL + 1


async def test_a_leader_that_stops_is_replaced_at_once(candidates, monkeypatch):
    """By its word alone: the follower would bid by itself only in an hour."""
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 3600)
    office = Office()
    first, second = candidates("first", office=office), candidates("second")
    await first.start()
    await first.elected.wait()
    await second.start()
    await first.stop()
    assert not office.is_held
    await second.elected.wait()
    assert second.is_leader


async def test_whoever_leads_resigns_when_asked_by_anybody(candidates, driver):
    first, second = candidates("first"), candidates("second")
    await first.start()
    await first.elected.wait()
    await second.start()
    await driver.notify_many(Topic.LEADERSHIP, ['{"action":"request_resign","leader_id":""}'])
    await first.stepped_down.wait()
    await until(lambda: first.is_leader or second.is_leader)
    assert first.is_leader != second.is_leader


async def test_a_term_is_renewed(candidates, driver, monkeypatch):
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 0.02)
    first = candidates("first")
    await first.start()
    term = await first.elected.wait()

    async def renewed() -> bool:
        leader = await driver.leader_get()
        return leader is not None and leader.expires_at > term.expires_at

    await until(renewed)
    assert (await driver.leader_get()).elected_at == term.elected_at


@pytest.mark.parametrize(
    "taken",
    [
        "DELETE FROM river.river_leader",
        "UPDATE river.river_leader SET leader_id = 'other'",
        "UPDATE river.river_leader SET elected_at = elected_at + interval '1 microsecond'",
        "UPDATE river.river_leader SET expires_at = now() - interval '1 second'",
    ],
)
async def test_a_lease_that_is_not_ours_any_more_is_not_held_on_to(candidates, connection, monkeypatch, taken):
    """A newer term under our own id counts as lost too (conformance 6, row 22)."""
    office = Office()
    first = candidates("first", office=office)
    await first.start()
    await first.elected.wait()
    await connection.execute(taken)
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 3600)
    assert await first._renew(first._term) is False


async def test_a_leader_that_was_robbed_steps_down_and_leaves_the_row_alone(candidates, connection, monkeypatch):
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 0.05)
    office = Office()
    first = candidates("first", office=office)
    await first.start()
    await first.elected.wait()
    await connection.execute("UPDATE river.river_leader SET leader_id = 'other', elected_at = now()")
    await first.stepped_down.wait()
    assert not office.is_held
    answer = await connection.execute("SELECT leader_id FROM river.river_leader")
    assert (await answer.fetchone())["leader_id"] == "other"


async def test_a_leader_cut_off_steps_down_before_its_lease_can_be_taken(wire, candidates, monkeypatch):
    monkeypatch.setattr("app.jobs.elector.TRUST", 0.5)
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 0.1)
    monkeypatch.setattr("app.jobs.elector.RENEW_PAUSES", (0.01,))
    monkeypatch.setattr("app.jobs.elector.RESIGN_TIMEOUTS", (0.05,))
    monkeypatch.setattr("app.jobs.elector.ATTEMPT_TIMEOUT", 0.2)
    far = PsycopgDriver(lambda: wire.conninfo, "river")
    await far.open()
    office = Office()
    elector = candidates("far", office=office, driver=far, notifier=None)
    await elector.start()
    await elector.elected.wait()
    wire.cut()
    await elector.stepped_down.wait()
    assert not office.is_held
    assert not elector.is_leader
    await elector.stop()
    await far.close()


def test_trust_ends_before_the_lease_does():
    assert TRUST < TTL


async def test_trust_runs_out_by_itself_however_busy_the_loop_is(candidates, monkeypatch):
    """A process that was frozen asks before it acts, and the answer is no before any timer has fired."""
    first = candidates("first")
    await first.start()
    await first.elected.wait()
    assert first.is_leader
    first._trusted_until = asyncio.get_running_loop().time() - 0.001
    assert not first.is_leader


async def test_an_office_that_cannot_be_taken_is_given_up(candidates, driver, monkeypatch):
    slept = []

    async def no_sleep(seconds: float) -> None:
        slept.append(seconds)

    office = Office(failures=3)
    first = candidates("first", office=office, notifier=None)
    monkeypatch.setattr("app.jobs.elector.asyncio.sleep", no_sleep)
    await first._take_office()
    assert slept == [1.0, 2.0]
    assert first._asked_to_resign.is_set()


async def test_bidding_survives_a_database_that_is_away(wire, candidates, monkeypatch):
    monkeypatch.setattr("app.jobs.elector.ELECT_PAUSES", (0.01,))
    far = PsycopgDriver(lambda: wire.conninfo, "river")
    await far.open()
    wire.cut()
    elector = candidates("far", driver=far, notifier=None)
    await elector.start()
    await until(lambda: wire.refused >= 1)
    wire.mend()
    await elector.elected.wait()
    await elector.stop()
    await far.close()


async def test_ten_tasks_starting_and_stopping_fifty_times_leave_no_lease(candidates, driver):
    elector = candidates("one")

    async def stress() -> None:
        for _ in range(50):
            await elector.start()
            await elector.stop()

    await asyncio.gather(*(stress() for _ in range(10)))
    assert await driver.leader_get() is None


async def test_the_metric_tells_who_leads(driver):
    metrics = Metrics()
    elector = Elector(driver, "one", None, Office(), metrics)
    elector.elected.init()
    await elector.start()
    await elector.elected.wait()
    assert "revenge_leader 1.0" in metrics.exposition().decode()
    await elector.stop()
    assert "revenge_leader 0.0" in metrics.exposition().decode()
