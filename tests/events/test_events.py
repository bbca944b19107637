"""What has happened, in an order that no late commit changes, to whom it concerns, from where they left off."""

import asyncio
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.clock import SystemClock
from app.errors import Unavailable
from app.events import hub as hub_module
from app.events.hub import EventHub
from app.events.listeners import LibraryEvents
from app.events.log import KEPT, EventLog
from app.events.position import Position
from app.ids import uuid7


@pytest.fixture
def event_log(transactions, driver):
    return EventLog(transactions, driver)


@pytest.fixture
def hub(event_log):
    return EventHub(event_log, SystemClock())


@pytest.fixture
async def films(shelf, tmp_path):
    return await shelf.library(tmp_path)


async def tell(transactions, *items):
    async with transactions.begin() as tx:
        await LibraryEvents().items_changed(tx, list(items))


def heard(listener):
    return [listener.told.get_nowait() for _ in range(listener.told.qsize())]


async def test_who_is_too_young_is_not_told(hub, shelf, films, transactions):
    mild, wild, unrated = [await shelf.item(films, "Film", min_age=age) for age in (6, 16, None)]
    young, lenient = [
        Viewer(name="Kim", libraries=None, max_age=12, allow_unrated=allowed) for allowed in (False, True)
    ]
    with ExitStack() as stack:
        listeners = [stack.enter_context(hub.listener(viewer)) for viewer in (young, lenient, LOCAL_ADMINISTRATOR)]
        since = await hub.position()
        await tell(transactions, mild, wild, unrated)
        await hub.look()
        told = [{item for event in heard(one) for item in event.data["ids"]} for one in listeners]
        missed = [event async for event in hub.missed(since, await hub.position())]
    assert told == [{str(mild)}, {str(mild), str(unrated)}, {str(mild), str(wild), str(unrated)}]
    assert [event.to(young).data["ids"] for event in missed if event.to(young)] == [[str(mild)]]


async def test_a_change_is_told_once_per_library_with_its_items(hub, shelf, films, transactions, tmp_path):
    shows = await shelf.library(tmp_path / "shows", name="Shows", kind="tvshows")
    item, other = await shelf.item(films, "Film"), await shelf.item(shows, "Show", kind="series")
    with hub.listener(LOCAL_ADMINISTRATOR) as listener:
        await hub.look()
        await tell(transactions, item, other)
        await hub.look()
        await hub.look()
        told = heard(listener)
    assert {(one.kind, one.library_id, tuple(one.data["ids"])) for one in told} == {
        ("items.changed", films, (str(item),)),
        ("items.changed", shows, (str(other),)),
    }
    assert len(told) == 2


async def test_what_commits_late_is_told_after_what_committed_before_it_and_is_not_lost(
    hub, shelf, films, transactions
):
    first, second = await shelf.item(films, "First"), await shelf.item(films, "Second")
    with hub.listener(LOCAL_ADMINISTRATOR) as listener:
        await hub.look()
        async with transactions.begin() as slow:
            await LibraryEvents().items_changed(slow, [first])
            await tell(transactions, second)
            await hub.look()
            assert heard(listener) == []
        await hub.look()
        told = heard(listener)
    assert [one.data["ids"] for one in told] == [[str(first)], [str(second)]]
    assert told[0].position < told[1].position


async def test_what_was_rolled_back_never_happened(hub, shelf, films, transactions):
    item = await shelf.item(films, "Film")
    with hub.listener(LOCAL_ADMINISTRATOR) as listener:
        await hub.look()
        with pytest.raises(ZeroDivisionError):
            async with transactions.begin() as tx:
                await LibraryEvents().items_changed(tx, [item])
                raise ZeroDivisionError
        await hub.look()
        assert heard(listener) == []


@pytest.fixture
async def secret(shelf, tmp_path):
    """An item of another library."""
    return await shelf.item(await shelf.library(tmp_path / "hidden", name="Hidden"), "Secret")


async def test_everybody_hears_what_concerns_them(hub, shelf, films, secret, factory):
    item = await shelf.item(films, "Film")
    member = Viewer(name="Bob", libraries=frozenset({films}))
    nobody = Viewer(name="nobody")
    with ExitStack() as stack:
        ears = [stack.enter_context(hub.listener(one)) for one in (LOCAL_ADMINISTRATOR, member, nobody)]
        await hub.look()
        await tell(shelf.transactions, item)
        await tell(shelf.transactions, secret)
        await factory.id_of(state="running", metadata='{"output": {"files": 3}}')
        await hub.look()
        told = [heard(listener) for listener in ears]
    assert [one.kind for one in told[0]] == ["items.changed", "items.changed", "job.running"]
    assert told[0][-1].data["output"] == {"files": 3}
    assert [one.library_id for one in told[1]] == [films]
    assert told[2] == []


async def test_progress_is_told_when_it_changes(hub, factory, driver):
    job_id = await factory.id_of(state="running")
    with hub.listener(LOCAL_ADMINISTRATOR) as listener:
        await hub.look()
        await hub.look()
        await driver.job_set_metadata(job_id, b'{"output": 1}')
        await hub.look()
        assert [(one.kind, one.data["output"]) for one in heard(listener)] == [
            ("job.running", None),
            ("job.running", 1),
        ]


async def test_ends_are_counted_by_kind_and_state_a_moment_after_them(hub, event_log, factory, monkeypatch):
    monkeypatch.setattr("app.events.log.SETTLED", timedelta(0))
    with hub.listener(LOCAL_ADMINISTRATOR) as listener:
        hub._position = replace(await event_log.now(), jobs_until=SystemClock().now() - timedelta(seconds=1))
        ids = [await factory.id_of(state="completed", kind="library.analyze") for _ in range(2)]
        await factory.id_of(state="discarded", kind="library.scan")
        await hub.look()
        await hub.look()
        told = [(one.kind, one.data) for one in heard(listener)]
    assert told == [
        ("jobs.ended", {"kind": "library.analyze", "state": "completed", "count": 2, "ids": ids[::-1]}),
        ("jobs.ended", {"kind": "library.scan", "state": "discarded", "count": 1, "ids": [told[1][1]["ids"][0]]}),
    ]


async def test_who_was_away_hears_what_they_missed_and_nothing_twice(hub, event_log, shelf, films, transactions):
    since = await event_log.now()
    items = [await shelf.item(films, f"Film {number}") for number in range(3)]
    for item in items[:2]:
        await tell(transactions, item)
    with hub.listener(LOCAL_ADMINISTRATOR) as listener:
        until = await hub.position()
        missed = [told async for told in hub.missed(since, until)]
        await tell(transactions, items[2])
        await hub.look()
        live = heard(listener)
    changes = [told for told in (*missed, *live) if told.kind == "items.changed"]
    assert [told.data["ids"] for told in changes] == [[str(item)] for item in items]
    rest = [told async for told in hub.missed(missed[0].position, until) if told.kind == "items.changed"]
    assert [told.data["ids"] for told in rest] == [[str(items[1])]]


async def test_more_than_a_page_is_told_whole(hub, event_log, shelf, films, monkeypatch):
    monkeypatch.setattr("app.events.log.PAGE", 2)
    monkeypatch.setattr(hub_module, "PAGE", 2)
    item = await shelf.item(films, "Film")
    since = await event_log.now()
    with hub.listener(LOCAL_ADMINISTRATOR) as listener:
        await hub.look()
        for _ in range(5):
            await tell(shelf.transactions, item)
        await hub.look()
        assert len(heard(listener)) == 5
        assert len([1 async for told in hub.missed(since, await hub.position()) if told.kind != "jobs.ended"]) == 5


async def test_who_was_away_for_too_long_begins_anew(hub, event_log):
    now = await event_log.now()
    long_ago = replace(now, jobs_until=now.jobs_until - KEPT - timedelta(seconds=1))
    assert [told.kind async for told in hub.missed(long_ago, now)] == ["reset"]


async def test_a_slow_listener_loses_its_place_and_nobody_elses(hub, shelf, films, transactions, monkeypatch):
    monkeypatch.setattr(hub_module, "BUFFER", 500)
    item = await shelf.item(films, "Film")
    with hub.listener(LOCAL_ADMINISTRATOR) as slow, hub.listener(LOCAL_ADMINISTRATOR) as quick:
        slow.told = asyncio.Queue(1)
        await hub.look()
        for _ in range(3):
            await tell(transactions, item)
        await hub.look()
        assert slow.is_lost
        assert len(heard(quick)) == 3


async def test_there_is_room_for_so_many(hub, monkeypatch):
    monkeypatch.setattr(hub_module, "LISTENERS", 1)
    with hub.listener(LOCAL_ADMINISTRATOR), pytest.raises(Unavailable), hub.listener(LOCAL_ADMINISTRATOR):
        pass


async def test_events_are_forgotten_after_an_hour(event_log, shelf, films, transactions):
    from sqlalchemy import text

    await tell(transactions, await shelf.item(films, "Film"))
    async with transactions.begin() as tx:
        assert await event_log.forget(tx) == 0
        await tx.session.execute(text("UPDATE event SET at = at - interval '61 minutes'"))
        assert await event_log.forget(tx) == 1


async def test_items_nobody_knows_are_no_event(transactions, event_log):
    since = await event_log.now()
    await tell(transactions, uuid7())
    assert await event_log.library_events(since) == []


@given(st.text(max_size=70))
def test_any_text_may_be_sent_as_a_position(text):
    found = Position.parse(text)
    assert found is None or Position.parse(str(found)) == found


async def test_a_position_survives_its_text(event_log):
    now = await event_log.now()
    assert Position.parse(str(now)) == now


async def test_who_heard_more_elsewhere_hears_nothing_twice(event_log, shelf, films, transactions):
    """Each node looks once a second: one may have told an event that the other has not looked at yet."""
    here, there = EventHub(event_log, SystemClock()), EventHub(event_log, SystemClock())
    item, later = await shelf.item(films, "Film"), await shelf.item(films, "Later")
    with here.listener(LOCAL_ADMINISTRATOR), there.listener(LOCAL_ADMINISTRATOR) as moving:
        await here.look()
        await there.look()
        await tell(transactions, item)
        await there.look()
        (told,) = heard(moving)

        await here.catch_up(told.position)
        with here.listener(LOCAL_ADMINISTRATOR) as moved:
            until = await here.position()
            assert until.covers(told.position)
            assert [one async for one in here.missed(told.position, until) if one.kind == "items.changed"] == []
            await tell(transactions, later)
            await here.look()
            assert [one.data["ids"] for one in heard(moved)] == [[str(later)]]


async def test_two_who_come_at_once_stand_at_the_place_of_the_first(hub, event_log, monkeypatch):
    """The second would take the first past what happened between the two."""
    early = await event_log.now()
    late = replace(early, transaction=early.transaction + 5)
    first, second = asyncio.Event(), asyncio.Event()
    places = iter([(first, early), (second, late)])

    async def now():
        gate, place = next(places)
        await gate.wait()
        return place

    monkeypatch.setattr(event_log, "now", now)
    with hub.listener(LOCAL_ADMINISTRATOR):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(hub.position()) for _ in range(2)]
            first.set()
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            second.set()
    assert [task.result() for task in tasks] == [early, early]


async def test_who_is_cut_off_amid_what_ended_hears_it_again(event_log, hub, factory, monkeypatch):
    monkeypatch.setattr("app.events.log.SETTLED", timedelta(0))
    since = replace(await event_log.now(), jobs_until=SystemClock().now() - timedelta(seconds=1))
    for kind in ("library.analyze", "library.scan"):
        await factory.id_of(state="completed", kind=kind)
    until = await event_log.now()
    first, last = [told async for told in hub.missed(since, until)]
    assert first.position.jobs_until == since.jobs_until
    assert last.position.jobs_until == until.jobs_until


async def test_one_account_cannot_take_the_places_of_all(hub, monkeypatch):
    monkeypatch.setattr(hub_module, "LISTENERS_OF_ONE", 2)
    bob, kim = [Viewer(name=name, account_id=uuid7()) for name in ("Bob", "Kim")]
    with ExitStack() as stack:
        for viewer in (bob, bob, kim):
            stack.enter_context(hub.listener(viewer))
        with pytest.raises(Unavailable):
            stack.enter_context(hub.listener(bob))
        stack.enter_context(hub.listener(kim))
