"""Whose turn it is, on all nodes together. The database's clock says when; nobody here waits for it."""

import asyncio
import dataclasses
import itertools
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from app.db.tx import Transactions
from app.metadata.errors import SourceWaits
from app.metadata.gate import FAILURES, FIRST_PAUSE, LEASE, LONGEST_PAUSE, PATIENCE, Gate
from app.metadata.terms import Terms
from app.observability import Metrics
from tests.fixtures.node import ROOT
from tests.fixtures.outside import Asked, Outside, Reply

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
SLOW = Terms(name="slow", base_url="http://slow.example", interval=HOUR, attribution="")
"""However slow the machine is, the next turn is still to come."""
BRISK = Terms(name="brisk", base_url="http://brisk.example", interval=SECOND, attribution="")


class Sleeps(list[float]):
    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
def gate(transactions: Transactions, sleeps: Sleeps) -> Gate:
    return Gate(transactions, sleeps)


async def source(connection: psycopg.AsyncConnection[Any]) -> dict[str, Any]:
    row = await (await connection.execute("SELECT *, clock_timestamp() AS now FROM metadata_source")).fetchone()
    assert row is not None
    return row


async def let_pass(connection: psycopg.AsyncConnection[Any], time: timedelta) -> None:
    """Let time pass, as the source's row sees it."""
    await connection.execute(
        "UPDATE metadata_source SET next_at = next_at - %s, blocked_until = blocked_until - %s", (time, time)
    )


async def test_the_first_turn_is_now_and_the_next_one_an_interval_later(gate: Gate, sleeps: Sleeps) -> None:
    await gate.take_turn(SLOW)
    assert sleeps == []
    await gate.take_turn(SLOW)
    assert 0 < sleeps[0] <= HOUR.total_seconds()


async def test_turns_of_many_at_once_are_an_interval_apart(gate: Gate, sleeps: Sleeps) -> None:
    """Slept lengths begin at other moments, which is nothing beside the interval."""
    await asyncio.gather(*(gate.take_turn(SLOW, 20 * HOUR) for _ in range(20)))
    assert sorted(round(slept / HOUR.total_seconds()) for slept in sleeps) == list(range(1, 20))


async def test_a_turn_too_far_off_is_not_taken(gate: Gate, connection: psycopg.AsyncConnection[Any]) -> None:
    for _ in range(4):
        await gate.take_turn(SLOW, 3 * HOUR)
    before = (await source(connection))["next_at"]
    for patience in (PATIENCE, 3 * HOUR):
        with pytest.raises(SourceWaits, match="others are first") as waits:
            await gate.take_turn(SLOW, patience)
        assert waits.value.is_queue
        assert 3 * HOUR < waits.value.wait <= 4 * HOUR
    assert (await source(connection))["next_at"] == before


async def test_a_source_that_asks_to_wait_is_waited_for_by_all(
    gate: Gate, connection: psycopg.AsyncConnection[Any]
) -> None:
    await gate.take_turn(BRISK)
    await gate.wait_asked(BRISK, timedelta(minutes=90), "it said that we ask too much (429)")
    await gate.wait_asked(BRISK, timedelta(minutes=10), "a shorter word does not take back a longer one")
    with pytest.raises(SourceWaits, match="shorter word") as waits:
        await gate.take_turn(BRISK)
    assert not waits.value.is_queue
    assert timedelta(minutes=80) < waits.value.wait <= timedelta(minutes=90)
    await let_pass(connection, timedelta(minutes=91))
    await gate.take_turn(BRISK)


async def test_a_source_that_fails_again_and_again_is_down_and_looked_at_by_one(
    gate: Gate, connection: psycopg.AsyncConnection[Any]
) -> None:
    await gate.take_turn(BRISK)
    pauses = [await gate.failed(BRISK, "it answered 500") for _ in range(FAILURES)]
    assert pauses[:-1] == [None] * (FAILURES - 1)
    assert pauses[-1] is not None
    assert FIRST_PAUSE - SECOND < pauses[-1] <= FIRST_PAUSE
    with pytest.raises(SourceWaits, match="it answered 500"):
        await gate.take_turn(BRISK)

    await let_pass(connection, FIRST_PAUSE)
    assert (await gate.take_turn(BRISK)).has_failed  # one is let through
    with pytest.raises(SourceWaits):
        await gate.take_turn(BRISK)
    again = await gate.failed(BRISK, "it answered 502")
    assert again is not None
    assert 2 * FIRST_PAUSE - SECOND < again <= 2 * FIRST_PAUSE

    await let_pass(connection, 2 * FIRST_PAUSE)
    assert (await gate.take_turn(BRISK)).has_failed
    await gate.answered(BRISK)
    row = await source(connection)
    assert (row["failures"], row["blocked_until"], row["problem"]) == (0, None, None)
    assert not (await gate.take_turn(BRISK, HOUR)).has_failed


async def test_a_pause_has_a_longest(gate: Gate) -> None:
    await gate.take_turn(BRISK)
    pauses = [await gate.failed(BRISK, "down") for _ in range(60)]
    assert pauses[-1] is not None
    assert LONGEST_PAUSE - SECOND < pauses[-1] <= LONGEST_PAUSE


async def test_success_does_not_take_back_a_wait_that_was_asked_for(
    gate: Gate, connection: psycopg.AsyncConnection[Any]
) -> None:
    await gate.take_turn(BRISK)
    await gate.failed(BRISK, "it answered 500")
    await gate.wait_asked(BRISK, HOUR, "429")
    await gate.answered(BRISK)
    assert (await source(connection))["blocked_until"] is not None


NODE = """
import asyncio, sys
from datetime import timedelta
from app.db.engine import Database
from app.db.tx import Transactions
from app.metadata import gate
from app.metadata.terms import Terms

async def main(url):
    database = Database(lambda: url)
    await database.start()
    terms = Terms(name="musicbrainz", base_url="", interval=timedelta(seconds=1), attribution="")
    async def told(_): pass
    inner, given = gate._rows, []
    async def reserve(tx, query, values):
        found = await inner(tx, query, values)
        given.extend(row[1] for row in found)
        return found
    gate._rows = reserve
    doors = gate.Gate(Transactions(database), told)
    for _ in range(15):
        await doors.take_turn(terms, timedelta(hours=1))
    await database.stop()
    print(*(at.isoformat() for at in given))

asyncio.run(main(sys.argv[1]))
"""


async def test_three_nodes_together_ask_once_a_second(database_url: str) -> None:
    """Three processes with nothing but the database in common: every turn is a second after the one before."""
    nodes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", NODE, database_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    said = [(await node.communicate())[0].decode().split() for node in nodes]
    assert [len(turns) for turns in said] == [15, 15, 15]
    turns = sorted(datetime.fromisoformat(turn) for node in said for turn in node)
    assert all(later - earlier >= SECOND for earlier, later in itertools.pairwise(turns))


LOG = """
import asyncio, sys
from datetime import timedelta
from app.clock import SystemClock
from app.db.engine import Database
from app.db.tx import Transactions
from app.metadata.answers import Answers
from app.metadata.asking import Asking
from app.metadata.gate import Gate
from app.metadata.errors import SourceWaits
from app.metadata.outbound import Outbound
from app.metadata.terms import Terms

async def main(url, base, node):
    database = Database(lambda: url)
    await database.start()
    transactions, outbound = Transactions(database), Outbound([base])
    asking = Asking(outbound, Gate(transactions, asyncio.sleep), Answers(transactions), SystemClock())
    terms = Terms(name="m", base_url=base, interval=timedelta(seconds=0.2), is_strict=True, attribution="")
    async def ask(number):
        while True:
            try:
                return await asking.json(terms, f"/{node}{number}")
            except SourceWaits:
                pass
    await asyncio.gather(*(ask(number) for number in range(3)))
    await outbound.close()
    await database.stop()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_strict_sources_own_log_shows_no_two_requests_closer_than_it_allows(
    database_url: str, outside: Outside
) -> None:
    """Three processes, three jobs each. That they are no closer holds however slow the machine is: the next one leaves
    an interval after the answer to the one before has come."""
    arrived: list[float] = []

    def answer(_asked: Asked) -> Reply:
        arrived.append(time.monotonic())
        return Reply.json({})

    outside.otherwise = answer
    nodes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", LOG, database_url, outside.url, node, cwd=ROOT)
        for node in "abc"
    ]
    assert [await node.wait() for node in nodes] == [0, 0, 0]
    assert len(arrived) == 9
    assert min(later - earlier for earlier, later in itertools.pairwise(arrived)) >= 0.2


async def test_a_strict_source_is_one_requests_alone_until_that_is_over(gate: Gate, sleeps: Sleeps) -> None:
    strict = Terms(name="strict", base_url="", interval=HOUR, is_strict=True, attribution="")
    turn = await gate.take_turn(strict)
    with pytest.raises(SourceWaits, match="others are first") as waits:
        await gate.take_turn(strict)
    assert waits.value.is_queue
    assert sum(sleeps) == 3600.0
    await gate.end_turn(strict, turn)
    with pytest.raises(SourceWaits):  # an interval has still to pass, and nobody here sleeps
        await gate.take_turn(strict)


async def test_a_lease_that_ran_out_ends_nobody_elses(gate: Gate, connection: psycopg.AsyncConnection[Any]) -> None:
    strict = Terms(name="strict", base_url="", interval=SECOND, is_strict=True, attribution="")
    dead = await gate.take_turn(strict)
    await let_pass(connection, LEASE)
    await gate.take_turn(strict)
    before = (await source(connection))["next_at"]
    await gate.end_turn(strict, dead)
    assert (await source(connection))["next_at"] == before


async def test_waits_and_the_breaker_are_told_by_source(
    transactions: Transactions, sleeps: Sleeps, connection: psycopg.AsyncConnection[Any]
) -> None:
    metrics = Metrics()
    gate = Gate(transactions, sleeps, metrics)

    def told(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"revenge_{name}", {"source": "slow", **labels})

    for _ in range(4):
        await gate.take_turn(SLOW, 3 * HOUR)
    with pytest.raises(SourceWaits):
        await gate.take_turn(SLOW)
    assert told("source_wait_seconds_count") == 4
    assert told("source_wait_seconds_sum") == pytest.approx(sum(sleeps))
    assert (told("source_put_off_total", reason="queue"), told("source_down")) == (1, 0)

    await let_pass(connection, HOUR)
    await gate.wait_asked(SLOW, HOUR, "429")
    with pytest.raises(SourceWaits):
        await gate.take_turn(SLOW)
    assert (told("source_put_off_total", reason="asked"), told("source_down")) == (1, 0)

    brisk = dataclasses.replace(SLOW, interval=SECOND)
    await let_pass(connection, 4 * HOUR)
    for _ in range(FAILURES):
        await gate.failed(brisk, "it answered 500")
    assert told("source_down") == 1
    with pytest.raises(SourceWaits):
        await gate.take_turn(brisk)
    assert (told("source_put_off_total", reason="down"), told("source_down")) == (1, 1)

    await let_pass(connection, HOUR)
    assert (await gate.take_turn(brisk)).has_failed
    assert told("source_down") == 1, "one looks whether it is back"
    await gate.answered(brisk)
    assert told("source_down") == 0


async def test_the_lease_of_a_strict_source_is_told_too(transactions: Transactions, sleeps: Sleeps) -> None:
    metrics = Metrics()
    gate = Gate(transactions, sleeps, metrics)
    strict = Terms(name="strict", base_url="http://strict.example", interval=SECOND, is_strict=True, attribution="")
    await gate.take_turn(strict)
    with pytest.raises(SourceWaits):
        await gate.take_turn(strict)
    assert metrics.registry.get_sample_value("revenge_source_wait_seconds_count", {"source": "strict"}) == 1
    put_off = {"source": "strict", "reason": "queue"}
    assert metrics.registry.get_sample_value("revenge_source_put_off_total", put_off) == 1
