"""One leader at a time, for a bounded term."""

import asyncio

import pytest

from app.jobs.client import REQUEST_RESIGN
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
        self.ends = 0
        self.failures = failures

    async def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not today")
        self.is_held = True
        self.terms += 1

    async def stop(self) -> None:
        self.leave()

    def leave(self) -> None:
        self.is_held = False
        self.ends += 1


class ReluctantOffice(Office):
    """Takes its time to be left in order."""

    def __init__(self) -> None:
        super().__init__()
        self.stops = 0
        self.may_stop = asyncio.Event()

    async def stop(self) -> None:
        self.stops += 1
        await self.may_stop.wait()
        await super().stop()


class OtherDriver:
    """The real one, but for what a subclass does otherwise."""

    def __init__(self, driver: PsycopgDriver) -> None:
        self.real = driver

    def __getattr__(self, name: str):
        return getattr(self.real, name)


class NeverGivesUp(OtherDriver):
    """Renewing goes unanswered, and even its cancellation is not seen through: a wire that has fallen silent."""

    def __init__(self, driver: PsycopgDriver) -> None:
        super().__init__(driver)
        self.may_end = asyncio.Event()
        self.waiting = 0

    async def leader_attempt_reelect(self, **_facts):
        self.waiting += 1
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            await self.may_end.wait()
            raise
        finally:
            self.waiting -= 1


class AskedBeforeItKnows(OtherDriver):
    """Whoever is elected is asked to resign before the answer to its bid has arrived."""

    def __init__(self, driver: PsycopgDriver, notifier: Notifier) -> None:
        super().__init__(driver)
        self._heard = asyncio.Event()
        self._notifier = notifier

    async def leader_attempt_elect(self, **facts):
        term = await self.real.leader_attempt_elect(**facts)
        end = self._notifier.subscribe(Topic.LEADERSHIP, lambda _payload: self._heard.set())
        await self.real.notify_many(Topic.LEADERSHIP, [REQUEST_RESIGN])
        await self._heard.wait()
        end()
        return term


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
    assert TTL - 1 <= (term.expires_at - term.elected_at).total_seconds() <= TTL + 1


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
    await driver.notify_many(Topic.LEADERSHIP, [REQUEST_RESIGN])
    await first.stepped_down.wait()
    await until(lambda: first.is_leader or second.is_leader)
    assert first.is_leader != second.is_leader


async def test_a_request_that_comes_before_the_answer_to_the_bid_is_heeded(candidates, driver, notifier):
    elector = candidates("one", driver=AskedBeforeItKnows(driver, notifier))
    await elector.start()
    await elector.elected.wait()
    await elector.stepped_down.wait()


async def test_a_request_to_an_earlier_leader_is_not_ours(candidates, driver, notifier):
    """Followers hear it as well, and are not to resign from what they win later."""
    first, second = candidates("first"), candidates("second", notifier=None)
    first._asked_to_resign.set()
    assert await first.bid() is not None
    assert not first._asked_to_resign.is_set()
    assert await second.bid() is None


async def test_a_step_down_cut_short_by_a_stop_is_completed_by_it(candidates, driver):
    """The office is left before the lease is given back, and that is done once."""
    office = ReluctantOffice()
    elector = candidates("one", office=office)
    await elector.start()
    await elector.elected.wait()
    announced = driver.listener()
    await announced.connect()
    await announced.listen(Topic.LEADERSHIP)
    elector._asked_to_resign.set()
    await until(lambda: office.stops == 1)
    stopping = asyncio.create_task(elector.stop())
    await until(lambda: office.stops == 2)
    assert await driver.leader_get() is not None
    office.may_stop.set()
    await stopping
    assert not office.is_held
    assert await driver.leader_get() is None
    await driver.notify_many(Topic.LEADERSHIP, [REQUEST_RESIGN])
    said = []
    async for notification in announced.notifications(60):
        said.append("resigned" in notification.payload)
        if notification.payload == REQUEST_RESIGN:
            break
    await announced.close()
    assert said == [True, False]


async def test_a_stop_that_is_cancelled_is_completed_all_the_same(candidates, driver):
    office = ReluctantOffice()
    elector = candidates("one", office=office)
    await elector.start()
    await elector.elected.wait()
    stopping = asyncio.create_task(elector.stop())
    await until(lambda: office.stops == 1)
    stopping.cancel()
    await asyncio.wait({stopping})
    office.may_stop.set()
    await elector.stop()
    assert not office.is_held
    assert await driver.leader_get() is None


async def test_a_term_ends_with_our_trust_whatever_is_still_under_way(candidates, driver, monkeypatch):
    """Neither a renewal that is not given up nor an office that is not left in order holds it up; the stop waits."""
    monkeypatch.setattr("app.jobs.elector.TRUST", 0.3)
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 0.05)
    silent, office = NeverGivesUp(driver), ReluctantOffice()
    elector = candidates("one", office=office, driver=silent, notifier=None)
    await elector.start()
    await until(lambda: silent.waiting > 0)
    elector.stepped_down.init()  # on a busy machine terms may have ended before a renewal was under way
    await elector.stepped_down.wait()
    assert office.ends > 0
    assert silent.waiting > 0

    office.may_stop.set()
    stopping = asyncio.create_task(elector.stop())
    silent.may_end.set()
    await stopping
    assert silent.waiting == 0


async def test_a_lease_taken_by_another_ends_the_office_without_waiting(candidates, connection, monkeypatch):
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 0.05)
    office = ReluctantOffice()
    elector = candidates("one", office=office)
    await elector.start()
    await elector.elected.wait()
    await connection.execute("UPDATE river.river_leader SET leader_id = 'other', elected_at = now()")
    await elector.stepped_down.wait()
    assert not office.is_held
    office.may_stop.set()


async def test_an_office_that_takes_longer_than_our_trust_is_not_taken(candidates, monkeypatch):
    class Slow(Office):
        async def start(self) -> None:
            await super().start()
            await asyncio.Event().wait()

    monkeypatch.setattr("app.jobs.elector.TRUST", 0.1)
    office = Slow()
    elector = candidates("one", office=office, notifier=None)
    await elector.start()
    await elector.stepped_down.wait()
    assert office.ends > 0


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
    monkeypatch.setattr("app.jobs.elector.INTERVAL", 3600)
    first = candidates("first")
    await first.start()
    await first.elected.wait()
    await connection.execute(taken)
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
    await until(lambda: not elector.is_leader)  # and not by the first word of it: terms may have ended before
    await until(lambda: not office.is_held)
    assert office.terms > 0
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
