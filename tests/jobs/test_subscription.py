"""Events: bounded, in order, and never in anybody's way."""

import asyncio

from app.jobs.subscription import Event, EventKind, SubscriptionManager

COMPLETED = Event(EventKind.JOB_COMPLETED)
FAILED = Event(EventKind.JOB_FAILED)


async def test_a_subscriber_gets_the_kinds_it_named_until_the_end():
    manager = SubscriptionManager()
    some, everything = manager.subscribe(EventKind.JOB_FAILED), manager.subscribe()
    assert manager.is_wanted
    for event in (COMPLETED, FAILED):
        manager.publish(event)
    manager.close()
    assert [event async for event in some] == [FAILED]
    assert [event async for event in everything] == [COMPLETED, FAILED]
    assert await some.get() is None
    assert not manager.is_wanted


async def test_a_slow_subscriber_loses_events_and_holds_nobody_up():
    manager = SubscriptionManager()
    slow, quick = manager.subscribe(buffer=2), manager.subscribe()
    for _ in range(5):
        manager.publish(COMPLETED)
    assert slow.dropped == 3
    assert quick.dropped == 0
    slow.close()
    assert len([event async for event in slow]) == 2


async def test_who_waits_is_told_of_the_end():
    stream = SubscriptionManager().subscribe()
    waiting = asyncio.create_task(stream.get())
    await asyncio.sleep(0)
    stream.close()
    stream.close()
    assert await waiting is None
