"""Requests that a proxy before us and we might cut in two different places: the second half would be another's request.

Each hides `PUT /api/v1/queues/default/pause` where a body should be, and nothing may be paused.
"""

import asyncio

import pytest

from tests.attacks.raw import connected, exchange, statuses
from tests.fixtures.web import Web

pytestmark = pytest.mark.usefixtures("impatient")

HIDDEN = b"PUT /api/v1/queues/default/pause HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /api/v1/libraries/01a229e3-efa0-7be9-b4b4-72ce710a31db/scan HTTP/1.1\r\n"
JSON = b"Content-Type: application/json\r\n"
HOST = b"Host: localhost\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(HIDDEN)

AMBIGUOUS = {
    "both lengths": HOST + JSON + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "both, the other way round": HOST
    + JSON
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "two lengths": HOST + JSON + b"Content-Length: 0\r\n" + LENGTH + b"\r\n" + HIDDEN,
    "a list of lengths": HOST + JSON + b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a negative length": HOST + JSON + b"Content-Length: -1\r\n\r\n" + HIDDEN,
    "a length with a sign": HOST + JSON + b"Content-Length: +0\r\n\r\n" + HIDDEN,
    "a length in another base": HOST + JSON + b"Content-Length: 0x0\r\n\r\n" + HIDDEN,
    "a length of many digits": HOST + JSON + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + HIDDEN,
    "a space before the colon": HOST + JSON + b"Content-Length : %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "a coding nobody knows": HOST + JSON + b"Transfer-Encoding: xchunked\r\n\r\n" + HIDDEN,
    "chunked is not the last": HOST + JSON + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunked twice": HOST + JSON + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a chunk of no size": HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\nx\r\n" + HIDDEN,
    "a chunk of a negative size": HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + HIDDEN,
    "a chunk of too large a size": HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n1" + b"0" * 17 + b"\r\n" + HIDDEN,
    "a chunk without its end": HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}X" + HIDDEN,
    "a chunk's size ended by LF": HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n0\n\n" + HIDDEN,
    "a folded header": HOST + JSON + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a header ended by CR": HOST + JSON + b"X: y\rTransfer-Encoding: chunked\r\n\r\n" + HIDDEN,
    "NUL in a header": HOST + JSON + b"X: \0\r\n\r\n" + HIDDEN,
    "NUL in a header's name": HOST + JSON + b"X\0: y\r\n\r\n" + HIDDEN,
    "a header without a name": HOST + JSON + b": y\r\n\r\n" + HIDDEN,
    "a header without a colon": HOST + JSON + b"chunked\r\n\r\n" + HIDDEN,
}


async def test_an_ambiguous_request_is_refused_and_nothing_behind_it_is_read(web: Web) -> None:
    said = await asyncio.gather(*(exchange(web, POST + request) for request in AMBIGUOUS.values()))

    assert dict(zip(AMBIGUOUS, said, strict=True)) == {name: [400] for name in AMBIGUOUS}
    assert await paused(web) == []


async def paused(web: Web) -> list[str]:
    """Tell which queues were paused. There is none called default here: pausing it would be a 404 in the log."""
    exposition = (await web.http.get("/metrics")).text
    return [line for line in exposition.splitlines() if "http_requests_total" in line and "pause" in line]


async def test_the_hidden_request_is_one_that_would_be_heard(web: Web) -> None:
    """Control: sent openly, it reaches its route."""
    openly = HOST + JSON + b"Content-Length: 2\r\n\r\n{}" + HIDDEN
    assert await exchange(web, POST + openly) == [404, 404]
    assert len(await paused(web)) == 1


HOSTS = [
    b"",
    b"Host: localhost\r\nHost: localhost\r\n",
    b"Host: localhost\r\nHost: evil.example\r\n",
    b"Host: localhost, evil.example\r\n",
    b"Host: evil.example\r\nX-Forwarded-Host: localhost\r\n",
]


async def test_there_is_one_host_and_it_is_ours(web: Web) -> None:
    for head in HOSTS:
        said = await exchange(web, b"GET /api/v1/libraries HTTP/1.1\r\n" + head + b"Connection: close\r\n\r\n")
        assert said in ([400], [403]), head


async def test_a_whole_address_in_the_request_does_not_stand_for_the_host(web: Web) -> None:
    line = b"GET http://localhost/api/v1/libraries HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert await exchange(web, line) == [403]


LINES = [
    b"GET /healthz HTTP/9.9",
    b"GET /healthz HTTP/2.0",
    b"GET /healthz",
    b"G\0T /healthz HTTP/1.1",
    b"GET /health z HTTP/1.1",
    b"PRI * HTTP/2.0",
    b"\x16\x03\x01\x02\x00\x01",
]


async def test_what_is_no_request_line_of_http_1_is_refused(web: Web) -> None:
    said = await asyncio.gather(*(exchange(web, line + b"\r\nHost: localhost\r\n\r\n") for line in LINES))
    assert dict(zip(LINES, said, strict=True)) == {line: [400] for line in LINES}


async def test_nonsense_behind_a_request_never_gets_into_its_answer(web: Web) -> None:
    """It used to be told what is wrong in the middle of the answer before it."""
    request = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with connected(web) as raw:
        await raw.send(request + b"\0nonsense\r\n\r\n")
        said = await raw.rest()

    assert len(statuses(said)) <= 1
    assert b"malformed_request" not in said or statuses(said) == [400]


async def test_two_requests_at_once_are_answered_in_their_order(web: Web) -> None:
    """Control: pipelining itself is allowed."""
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    two = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert await exchange(web, one + two) == [200, 404]


async def test_no_other_protocol_is_spoken_after_an_upgrade(web: Web) -> None:
    for protocol in (b"h2c", b"websocket"):
        head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: " + protocol
        assert await exchange(web, head + b"\r\n\r\n" + HIDDEN) in ([200], [400])
    assert await paused(web) == []
