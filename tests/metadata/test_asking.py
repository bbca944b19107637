"""What a source's answers mean, over real HTTP: also those that mean nothing."""

import asyncio
import dataclasses
import email.utils
import gzip
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from app.clock import SystemClock
from app.db.tx import Transactions
from app.metadata.answers import Answers
from app.metadata.asking import UNSAID_WAIT, Asking
from app.metadata.errors import NotKnown, SourceFailed, SourceWaits
from app.metadata.gate import KEY_REFUSED, Gate
from app.metadata.outbound import Outbound
from app.metadata.retry_after import MOST, retry_after
from app.metadata.terms import Terms
from tests.fixtures.outside import Asked, Outside, Reply

SECRET = "hushhush"
FOUND = Reply.json({"name": "Amélie"}, ETag='"1"')


async def at_once(_seconds: float) -> None:
    """Turns come as fast as they are asked for: what is under test is what follows."""


@pytest.fixture
def terms(outside: Outside) -> Terms:
    return Terms(name="films", base_url=outside.url, interval=timedelta(microseconds=1), attribution="")


@pytest.fixture
async def asking(transactions: Transactions, outside: Outside) -> AsyncIterator[Asking]:
    outbound = Outbound([outside.url])
    yield Asking(outbound, Gate(transactions, at_once), Answers(transactions), SystemClock())
    await outbound.close()


async def age(connection: psycopg.AsyncConnection[Any], time: timedelta) -> None:
    await connection.execute(
        "UPDATE metadata_answer SET fresh_until = fresh_until - %s, expires_at = expires_at - %s", (time, time)
    )


async def test_what_was_answered_is_not_asked_again_while_it_is_fresh(
    asking: Asking, terms: Terms, outside: Outside
) -> None:
    outside.answers["/film/1"] = FOUND
    for _ in range(2):
        assert await asking.json(terms, "/film/1", [("language", "de")]) == {"name": "Amélie"}
    assert outside.paths == ["/film/1"]
    await asking.json(terms, "/film/1", [("language", "fr")])
    assert len(outside.asked) == 2


async def test_what_is_old_is_asked_whether_it_has_changed(
    asking: Asking, terms: Terms, outside: Outside, connection: psycopg.AsyncConnection[Any]
) -> None:
    outside.answers["/film/1"] = Reply.json({"n": 1}, ETag='"1"', Last_Modified="Mon, 02 Nov 2026 10:00:00 GMT")
    await asking.json(terms, "/film/1")
    await age(connection, terms.fresh_for)
    outside.answers["/film/1"] = Reply(304)
    for _ in range(2):
        assert await asking.json(terms, "/film/1") == {"n": 1}
    assert len(outside.asked) == 2  # the second is fresh again
    assert outside.asked[1].headers["if-none-match"] == '"1"'
    assert outside.asked[1].headers["if-modified-since"] == "Mon, 02 Nov 2026 10:00:00 GMT"


async def test_what_is_older_than_the_terms_allow_is_gone(
    asking: Asking, terms: Terms, outside: Outside, connection: psycopg.AsyncConnection[Any], transactions: Transactions
) -> None:
    outside.answers["/film/1"] = FOUND
    await asking.json(terms, "/film/1")
    await age(connection, terms.kept_for)
    assert await Answers(transactions).find(terms, "/film/1") is None
    assert await Answers(transactions).forget() == 1
    assert await Answers(transactions).forget() == 0


async def test_a_key_is_sent_and_kept_nowhere(
    asking: Asking, terms: Terms, outside: Outside, connection: psycopg.AsyncConnection[Any]
) -> None:
    outside.answers["/film/1"] = FOUND
    await asking.json(terms, "/film/1", headers={"Authorization": f"Bearer {SECRET}"})
    assert outside.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    rows = await (await connection.execute("SELECT metadata_answer::text AS all FROM metadata_answer")).fetchall()
    assert SECRET not in str(rows)


def called(terms: Terms, name: object) -> Terms:
    """Another source at the same place: one test sees many, for a database costs more than all of them."""
    return dataclasses.replace(terms, name=str(name))


WAITS: list[tuple[dict[str, str], timedelta]] = [
    ({"Retry-After": "777"}, timedelta(seconds=777)),
    ({"Date": "Mon, 30 Nov 2026 00:00:00 GMT", "Retry-After": "Mon, 30 Nov 2026 00:02:00 GMT"}, timedelta(minutes=2)),
    ({"Retry-After": "soon"}, UNSAID_WAIT),
    ({}, UNSAID_WAIT),
]


async def test_too_much_is_waited_for_as_long_as_it_says(asking: Asking, terms: Terms, outside: Outside) -> None:
    for number, (status, (headers, wait)) in enumerate(itertools.product((429, 503), WAITS)):
        source = called(terms, number)
        outside.answers["/film/1"] = Reply(status, b"slow down", headers)
        with pytest.raises(SourceWaits) as waits:
            await asking.json(source, "/film/1")
        assert waits.value.wait == wait
        with pytest.raises(SourceWaits, match=str(status)):
            await asking.json(source, "/film/2")
        assert len(outside.asked) == number + 1  # nobody asks meanwhile


async def test_nobody_knows_it(asking: Asking, terms: Terms, outside: Outside) -> None:
    for status in (400, 404, 410):
        outside.answers["/film/1"] = Reply.json({"success": False, "status_code": 34}, status)
        with pytest.raises(NotKnown):
            await asking.json(terms, "/film/1")


async def test_a_key_that_is_refused_costs_no_job_its_attempts(asking: Asking, terms: Terms, outside: Outside) -> None:
    for status in (401, 403):
        outside.asked.clear()
        outside.answers["/film/1"] = Reply.json({"status_code": 7}, status)
        for _ in range(5):
            with pytest.raises(SourceWaits, match="refuses our key"):
                await asking.json(called(terms, status), "/film/1")
        assert len(outside.asked) == 1
    assert timedelta(minutes=1) < KEY_REFUSED


FAULTS: dict[str, Reply | bytes] = {
    "500": Reply(500, b"<h1>oops</h1>"),
    "502": Reply(502),
    "418": Reply(418),
    "garbage": Reply(200, b"<html>Please log in to this hotel's network</html>"),
    "no text": Reply(200, b"\xff\xfe{}"),
    "half": Reply(200, b'{"name": "Am'),
    "cut": Reply(200, b'{"name": "Amelie"}', cut=9),
    "nothing": b"",
    "no HTTP": b"220 mail.example.org ESMTP\r\n",
    "huge": Reply(200, b"[" + b"1," * 5_000_000 + b"1]"),
    "bomb": Reply(200, gzip.compress(b" " * 30_000_000), {"Content-Encoding": "gzip"}),
    "deep": Reply(200, b"[" * 100_000),
    "to this machine": Reply(302, b"", {"Location": "http://127.0.0.1:5432/"}),
    "to the network around it": Reply(301, b"", {"Location": "http://192.168.0.1/"}),
    "in circles": Reply(302, b"", {"Location": "/film/1"}),
}


async def test_no_sense_is_a_failure_and_several_are_a_source_that_is_down(
    asking: Asking, terms: Terms, outside: Outside, connection: psycopg.AsyncConnection[Any]
) -> None:
    for name, fault in FAULTS.items():
        source = called(terms, name)
        outside.answers["/film/1"] = fault
        for _ in range(2):
            with pytest.raises(SourceFailed) as failed:
                await asking.json(source, "/film/1", [("q", SECRET)])
            assert SECRET not in str(failed.value)
        with pytest.raises(SourceWaits):
            await asking.json(source, "/film/1")
        asked = len(outside.asked)
        with pytest.raises(SourceWaits):
            await asking.json(source, "/film/2")
        assert len(outside.asked) == asked, name
    assert await (await connection.execute("SELECT FROM metadata_answer")).fetchall() == []


async def test_it_is_back(
    asking: Asking, terms: Terms, outside: Outside, connection: psycopg.AsyncConnection[Any]
) -> None:
    outside.answers["/film/1"] = Reply(500)
    for _ in range(3):
        with pytest.raises((SourceFailed, SourceWaits)):
            await asking.json(terms, "/film/1")
    outside.answers["/film/1"] = FOUND
    await connection.execute("UPDATE metadata_source SET blocked_until = now(), next_at = now()")
    assert await asking.json(terms, "/film/1") == {"name": "Amélie"}
    assert (await (await connection.execute("SELECT failures FROM metadata_source")).fetchone()) == {"failures": 0}


async def test_a_login_is_sent_and_not_kept(
    asking: Asking, terms: Terms, outside: Outside, connection: psycopg.AsyncConnection[Any]
) -> None:
    outside.answers["/login"] = lambda asked: Reply.json({"got": asked.body.decode()})
    assert await asking.post(terms, "/login", {"apikey": SECRET}) == {"got": '{"apikey":"hushhush"}'}
    assert await (await connection.execute("SELECT FROM metadata_answer")).fetchall() == []


async def test_two_who_ask_for_the_same_at_once_both_get_it(asking: Asking, terms: Terms, outside: Outside) -> None:
    both = asyncio.Event()

    async def answer(asked: Asked) -> Reply:
        if len(outside.asked) == 2:
            both.set()
        await both.wait()
        return FOUND

    outside.answers["/film/1"] = answer
    assert await asyncio.gather(*(asking.json(terms, "/film/1") for _ in range(2))) == [{"name": "Amélie"}] * 2


NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("0", timedelta(seconds=1)),
        ("1.5", timedelta(seconds=1.5)),
        ("99999999999999999999", MOST),
        (email.utils.format_datetime(NOW + timedelta(hours=1), usegmt=True), timedelta(hours=1)),
        (email.utils.format_datetime(NOW - timedelta(hours=1), usegmt=True), timedelta(seconds=1)),
        ("Mon, 30 Nov 9999 00:00:00 GMT", MOST),
        ("-5", None),
        ("Mon, 99 Nov 2026", None),
        ("", None),
    ],
)
def test_how_long_is_read_as_it_is_written(said: str, wait: timedelta | None) -> None:
    assert retry_after({"retry-after": said}, NOW) == wait
