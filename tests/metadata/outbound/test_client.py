"""Requests to the outside: what is refused, and what ends."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from app.metadata.outbound import AddressRefused, AnswerTooLarge, Outbound, OutboundFailed
from tests.fixtures.outside import Outside, Reply

SECRET = "hushhush"


@pytest.fixture
async def outbound(outside: Outside) -> AsyncIterator[Outbound]:
    """Has been told that the server of the test may be asked, and of nothing else."""
    client = Outbound([outside.url], contact="ada@example.org")
    yield client
    await client.close()


async def test_what_is_there_is_fetched_and_we_say_who_we_are(outside: Outside, outbound: Outbound) -> None:
    outside.answers["/a"] = Reply(200, b"whole", {"ETag": '"1"'})
    answer = await outbound.get(f"{outside.url}/a?x=1", headers={"If-None-Match": '"0"'})
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"whole", '"1"')
    (asked,) = outside.asked
    assert asked.headers["user-agent"].startswith("Revenge/")
    assert "ada@example.org" in asked.headers["user-agent"]
    assert asked.headers["if-none-match"] == '"0"'
    assert asked.one("x") == "1"
    assert (await outbound.get(f"{outside.url}/gone")).status == 404


async def test_what_is_packed_is_unpacked(outside: Outside, outbound: Outbound) -> None:
    outside.answers["/a"] = Reply(200, gzip.compress(b"x" * 5_000), {"Content-Encoding": "gzip"})
    assert (await outbound.get(f"{outside.url}/a")).body == b"x" * 5_000


async def test_the_same_connection_is_used_again(outside: Outside, outbound: Outbound) -> None:
    outside.answers["/a"] = Reply(200, b"1")
    for _ in range(3):
        await outbound.get(f"{outside.url}/a")
    assert outside.connections == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
    ],
)
async def test_addresses_of_this_network_are_refused(url: str) -> None:
    client = Outbound()
    with pytest.raises(AddressRefused):
        await client.get(url)
    await client.close()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org",
        "//example.org/",
        "http://",
        "http://user:hushhush@example.org/",
        "http://example.org:99999/",
        "http://example.org/a b",
        "http://example.org/\r\nX: y",
        "http://exämple.org/",
        "http://example.org/" + "a" * 9_000,
        "http://[::1",
        "",
    ],
)
async def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    client = Outbound()
    with pytest.raises(AddressRefused) as refused:
        await client.get(url)
    assert SECRET not in str(refused.value)
    await client.close()


async def test_a_name_is_judged_by_what_it_stands_for_and_connected_to_there() -> None:
    """Asked twice, a name may answer twice: public when it is checked, private when it is connected to."""
    told: list[str] = []

    async def two_faced(host: str, port: int) -> Sequence[str]:
        told.append(host)
        return ["93.184.216.34", "127.0.0.1"] if len(told) == 1 else ["127.0.0.1"]

    client = Outbound(resolve_name=two_faced)
    for _ in range(2):
        with pytest.raises(AddressRefused, match=r"rebind\.example\.org is not asked"):
            await client.get("http://rebind.example.org/")
    assert told == ["rebind.example.org"] * 2
    await client.close()


async def test_a_public_name_is_connected_to_by_its_address(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpcore

    reached: list[str] = []
    connect = httpcore.AnyIOBackend.connect_tcp

    async def connecting(self: httpcore.AnyIOBackend, host: str, port: int, *rest: object) -> object:
        reached.append(host)
        return await connect(self, "127.0.0.1", int(outside.url.rpartition(":")[2]), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connecting)
    outside.answers["/a"] = Reply(200, b"public")

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"]

    client = Outbound(resolve_name=resolve)
    assert (await client.get("http://films.example.org/a")).body == b"public"
    assert reached == ["93.184.216.34"]
    assert outside.asked[0].headers["host"] == "films.example.org"
    await client.close()


async def test_other_ports_are_refused_before_anything_is_looked_up() -> None:
    client = Outbound()
    with pytest.raises(AddressRefused, match="port 6379"):
        await client.get("http://example.org:6379/")
    await client.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_and_looked_at_anew(outside: Outside, outbound: Outbound, status: int) -> None:
    outside.answers["/a"] = Reply(status, b"", {"Location": "/b"})
    outside.answers["/b"] = Reply(200, b"here")
    assert (await outbound.get(f"{outside.url}/a")).body == b"here"
    outside.answers["/a"] = Reply(status, b"", {"Location": "http://localhost/admin"})
    with pytest.raises(AddressRefused, match="localhost is not asked"):
        await outbound.get(f"{outside.url}/a")
    outside.answers["/a"] = Reply(status, b"", {"Location": "file:///etc/passwd"})
    with pytest.raises(AddressRefused):
        await outbound.get(f"{outside.url}/a")


async def test_redirects_end(outside: Outside, outbound: Outbound) -> None:
    outside.answers["/a"] = Reply(302, b"", {"Location": "/a"})
    with pytest.raises(OutboundFailed, match="more than 5 redirects"):
        await outbound.get(f"{outside.url}/a")
    assert len(outside.asked) == 6


async def test_a_token_goes_to_whom_it_was_meant_for_alone(outside: Outside, outbound: Outbound) -> None:
    other = Outside()
    await other.start()
    client = Outbound([outside.url, other.url])
    outside.answers["/a"] = Reply(302, b"", {"Location": f"{other.url}/b"})
    other.answers["/b"] = Reply(200, b"")
    await client.get(f"{outside.url}/a", headers={"Authorization": SECRET, "X-Api-Key": SECRET, "Accept": "x/y"})
    assert outside.asked[0].headers["authorization"] == SECRET
    assert "authorization" not in other.asked[0].headers
    assert "x-api-key" not in other.asked[0].headers
    assert other.asked[0].headers["accept"] == "x/y"
    await client.close()
    await other.stop()


async def test_a_login_is_posted(outside: Outside, outbound: Outbound) -> None:
    outside.answers["/login"] = Reply(200, b"in")
    await outbound.request("POST", f"{outside.url}/login", content=b'{"a":1}')
    assert (outside.asked[0].method, outside.asked[0].body) == ("POST", b'{"a":1}')


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"x" * 2_000),
        Reply(200, b"x" * 2_000, {"Content-Length": "999999999"}),
        Reply(200, gzip.compress(b"\0" * 50_000_000), {"Content-Encoding": "gzip"}),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + 2 * (b"1f4\r\n" + b"x" * 500 + b"\r\n"),
    ],
    ids=["long", "said to be long", "long when unpacked", "long without saying so"],
)  # fmt: skip
async def test_more_than_may_be_is_not_read(outside: Outside, outbound: Outbound, reply: Reply | bytes) -> None:
    outside.answers["/a"] = reply
    with pytest.raises(AnswerTooLarge):
        await outbound.get(f"{outside.url}/a", max_bytes=900)


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nBad header\r\n\r\n",
        Reply(200, b"x" * 100, cut=50),
        Reply(200, b"no gzip", {"Content-Encoding": "gzip"}),
        Reply(200, gzip.compress(b"x" * 99)[:-9], {"Content-Encoding": "gzip"}),
        Reply(200, b"?", {"Content-Encoding": "br"}),
    ],
)
async def test_what_is_not_whole_is_nothing(outside: Outside, outbound: Outbound, reply: Reply | bytes) -> None:
    outside.answers["/a"] = reply
    with pytest.raises(OutboundFailed) as failed:
        await outbound.get(f"{outside.url}/a?api_key={SECRET}")
    assert SECRET not in str(failed.value)
    assert failed.value.__cause__ is None


async def test_silence_ends(outside: Outside, outbound: Outbound) -> None:
    outside.answers["/a"] = Reply(200, b"", wait=asyncio.Event())
    with pytest.raises(OutboundFailed, match=r"within 0\.05 s"):
        await outbound.get(f"{outside.url}/a", timeout=timedelta(milliseconds=50))


async def test_nobody_at_home(outbound: Outbound) -> None:
    with socket.socket() as deaf:  # has the port, so that nobody else gets it meanwhile, and does not listen
        deaf.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        client = Outbound([url])
        with pytest.raises(OutboundFailed, match="no connection"):
            await client.get(url)
        await client.close()


async def test_a_name_that_nobody_knows(outbound: Outbound) -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    client = Outbound(resolve_name=unknown)
    with pytest.raises(OutboundFailed, match="cannot be resolved"):
        await client.get("https://nowhere.example.org/")
    await client.close()
