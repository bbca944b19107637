"""One asker has their share, and a server with enough to do says so at once."""

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.roles import Role
from app.web import guard
from app.web.buckets import KEPT, Buckets, Policy, TooManyRequests
from app.web.rates import MEDIA
from tests.fixtures.accounts import Accounts
from tests.fixtures.web import Films, Web

ME = "/api/v1/me"


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def limit(web: Web, **quotas: int) -> Time:
    now = Time()
    for name, quota in quotas.items():
        policy = Policy(name.replace("_", "-"), quota, 60.0)
        web.limits._buckets[policy.name] = Buckets(policy, now)
    return now


@given(st.integers(1, 50), st.floats(0.1, 1000), st.lists(st.floats(0, 100), max_size=80))
def test_nobody_gets_more_than_a_bucket_and_what_flowed_in(quota: int, window: float, waits: list[float]) -> None:
    now = Time()
    buckets = Buckets(Policy("x", quota, window), now)
    taken = 0
    for wait in waits:
        now.seconds += wait
        try:
            standing = buckets.take("somebody")
        except TooManyRequests:
            continue
        else:
            taken += 1
            assert 0 <= standing.remaining < quota
    assert taken <= quota + now.seconds * quota / window + 1e-6


def test_who_waits_as_told_is_served_and_others_all_along() -> None:
    now = Time()
    buckets = Buckets(Policy("x", 2, 60), now)
    assert [buckets.take("a").remaining for _ in range(2)] == [1, 0]
    with pytest.raises(TooManyRequests) as refused:
        buckets.take("a")
    assert (refused.value.retry_after, buckets.take("b").remaining) == (30, 1)
    now.seconds += refused.value.retry_after
    assert buckets.take("a").remaining == 0


def test_those_longest_not_seen_are_forgotten() -> None:
    buckets = Buckets(Policy("x", 2, 60), Time())
    for number in range(KEPT + 10):
        buckets.take(str(number))
    assert len(buckets._levels) == KEPT
    assert buckets.take(str(KEPT)).remaining == 0
    assert buckets.take("0").remaining == 1


@pytest.mark.parametrize(
    ("path", "is_media"),
    [
        ("/api/v1/files/1/stream", True),
        ("/api/v1/files/1/subtitles/0", True),
        ("/api/v1/items/1/images/poster", True),
        ("/api/v1/items/1/images/backdrop/2", True),
        ("/api/v1/people/1/image", True),
        ("/api/v1/libraries/1/image", True),
        ("/api/v1/playback/1/v0/7.m4s", True),
        ("/api/v1/playback/1", False),
        ("/api/v1/people/1", False),
        ("/api/v1/libraries/1/scan", False),
        ("/api/v1/files/1", False),
        ("/api/v1/files/1/token", False),
        ("/api/v1/items", False),
        ("/api/v1/items/1", False),
    ],
)
def test_what_is_media(path: str, is_media: bool) -> None:
    assert (MEDIA.fullmatch(path) is not None) is is_media


async def test_a_viewer_is_told_how_they_stand_and_when_to_come_back(web: Web, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Bob")
    ada, bob = [{"Authorization": f"Bearer {(await accounts.log_in(name)).access_token}"} for name in ("Ada", "Bob")]
    now = limit(web, viewer=2, address=100)
    first = await web.http.get(ME, headers=ada)
    assert first.headers["RateLimit-Policy"] == '"address";q=100;w=60, "viewer";q=2;w=60'
    assert first.headers["RateLimit"] == '"address";r=99;t=1, "viewer";r=1;t=30'
    await web.http.get(ME, headers=ada)
    refused = await web.http.get(ME, headers=ada)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "30"
    assert refused.headers["RateLimit"] == '"address";r=97;t=2, "viewer";r=0;t=60'
    assert (await web.http.get(ME, headers=bob)).status_code == 200
    now.seconds += 30
    assert (await web.http.get(ME, headers=ada)).status_code == 200


async def test_an_address_is_counted_whoever_asks_and_whatever_for(web: Web) -> None:
    limit(web, address=2)
    answers = [await web.http.get(path) for path in ("/nowhere", "/api/v1/openapi.json", ME, ME)]
    assert [answer.status_code for answer in answers] == [404, 200, 429, 429]
    assert (await web.http.get("/healthz")).status_code == (await web.http.get("/readyz")).status_code == 200


async def test_media_are_counted_apart(web: Web, films: Films) -> None:
    film = await films.add("a.mkv", b"film")
    limit(web, viewer=1, address=1, media=2, media_address=5)
    answers = [await web.http.get(path) for path in (ME, film.url, film.url, film.url, ME)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]


async def test_a_server_with_enough_to_do_says_so_at_once(web: Web) -> None:
    web.limits._most = 0
    refused = await web.http.get(ME)
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert int(refused.headers["Retry-After"]) >= 1
    assert (await web.http.get("/healthz")).status_code == 200


async def test_hundreds_at_once_are_answered_or_turned_away_and_then_all_is_as_before(web: Web) -> None:
    web.limits._most = 8
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=web.server.url, timeout=60, trust_env=False, limits=limits) as http:
        answers = await asyncio.gather(*(http.get(ME) for _ in range(200)))
    assert {answer.status_code for answer in answers} <= {200, 503}
    # Who was let in may still find a database that is too slow here; turned away are only those beyond the eighth.
    assert sum(answer.json().get("code") != "overloaded" for answer in answers) >= 8
    assert web.limits._unanswered == 0
    assert (await web.http.get(ME)).status_code == 200


async def test_whoever_listens_or_watches_keeps_nobody_out(web: Web) -> None:
    web.limits._most = 1
    async with web.http.stream("GET", "/api/v1/events") as listening:
        assert listening.status_code == 200
        assert (await web.http.get(ME)).status_code == 200


async def test_a_body_that_does_not_come_gives_its_place_back(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_TIME", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", web.server.port)
    writer.write(
        b"POST /api/v1/libraries HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n{"
    )
    answer = await reader.readuntil(b"}")
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer
    assert web.limits._unanswered == 0
