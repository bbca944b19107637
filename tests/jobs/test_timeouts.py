"""Time limits of many attempts by one timer: each is told once, in time, and only while it is watched."""

import asyncio
from types import SimpleNamespace

import pytest

from app.jobs.attempt import Attempt
from app.jobs.timeouts import Timeouts

LIMIT = 0.01
LONG = 60.0


class Told:
    """Remembers who was timed out, with the loop's time."""

    def __init__(self):
        self.attempts = []
        self.at = {}
        self.changed = asyncio.Event()

    def __call__(self, attempt):
        self.attempts.append(attempt)
        self.at[attempt] = asyncio.get_running_loop().time()
        self.changed.set()

    async def until(self, count):
        async with asyncio.timeout(60):
            while len(self.attempts) < count:
                self.changed.clear()
                await self.changed.wait()


def attempt():
    return Attempt(SimpleNamespace(id=1))


@pytest.fixture
async def told():
    return Told()


async def test_who_is_still_watched_is_told_in_order(told):
    timeouts = Timeouts(told)
    first, ended, last, patient = attempt(), attempt(), attempt(), attempt()
    timeouts.watch(patient, LONG)
    for one in (first, ended, last):
        timeouts.watch(one, LIMIT)
    timeouts.forget(ended, LIMIT)

    await told.until(2)

    assert told.attempts == [first, last]
    timeouts.forget(first, LIMIT)  # as its executor does when the interruption has ended it


async def test_who_began_later_is_told_later_by_the_same_timer(told):
    loop = asyncio.get_running_loop()
    timeouts = Timeouts(told)
    first, later = attempt(), attempt()
    began = {}

    def watch(one):
        began[one] = loop.time()
        timeouts.watch(one, LIMIT)

    watch(first)
    loop.call_later(LIMIT / 2, watch, later)
    await told.until(2)

    assert told.attempts == [first, later]
    assert all(told.at[one] - began[one] >= LIMIT * 0.9 for one in (first, later))


async def test_a_limit_nobody_has_any_more_works_for_the_next(told):
    timeouts = Timeouts(told)
    ended, next_one, last = attempt(), attempt(), attempt()
    timeouts.watch(ended, LIMIT)
    timeouts.forget(ended, LIMIT)
    timeouts.watch(next_one, LIMIT)
    await told.until(1)
    timeouts.watch(last, LIMIT)
    await told.until(2)
    assert told.attempts == [next_one, last]
