"""The bytes of a file over HTTP: every byte the right one, and none that is not there."""

import hashlib
import os
import random

import httpx
import pytest

from tests.fixtures.web import Films, Web

CONTENT = random.Random(7).randbytes(3_000_001)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_a_whole_file_arrives_byte_for_byte(web: Web, films: Films) -> None:
    film = await films.add("Alien (1979).mkv", CONTENT)

    answer = await web.http.get(film.url)

    assert answer.status_code == 200
    assert digest(answer.content) == digest(CONTENT)
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-type"] == "video/x-matroska"
    assert answer.headers["content-disposition"] == 'inline; filename="Alien (1979).mkv"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"].startswith('"')


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, len(CONTENT)),
        ("bytes=1048575-1048577", 1048575, 1048578),
        ("bytes=-1", len(CONTENT) - 1, len(CONTENT)),
        ("bytes=-99999999999", 0, len(CONTENT)),
        ("bytes=2999999-99999999999999999999999", 2999999, len(CONTENT)),
        ("BYTES = 5-6", 5, 7),
        ("bytes=5-6,", 5, 7),
    ],
)
async def test_one_range(web: Web, films: Films, asked: str, start: int, end: int) -> None:
    film = await films.add("film.mp4", CONTENT)

    answer = await web.http.get(film.url, headers={"Range": asked})

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.content == CONTENT[start:end]


@pytest.mark.parametrize(
    "asked", ["bytes=9-3", "bytes=a-b", "bytes", "seconds=1-2", "bytes=", "bytes=1-2,x", "bytes=-"]
)
async def test_a_range_that_is_none_means_the_whole_file(web: Web, films: Films, asked: str) -> None:
    film = await films.add("film.mp4", b"0123456789")

    answer = await web.http.get(film.url, headers={"Range": asked})

    assert (answer.status_code, answer.content) == (200, b"0123456789")


@pytest.mark.parametrize(
    "asked",
    ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=10-,11-", "bytes=" + "0-0," * 65, "bytes=" + "0" * 5000 + "-"],
)
async def test_a_range_outside_the_file_or_too_many_are_refused(web: Web, films: Films, asked: str) -> None:
    film = await films.add("film.mp4", b"0123456789")

    answer = await web.http.get(film.url, headers={"Range": asked})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */10"
    assert answer.json()["code"] == "range_not_satisfiable"


async def test_several_ranges_come_as_parts_in_the_order_asked(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", CONTENT)

    answer = await web.http.get(film.url, headers={"Range": "bytes=2000000-2000009,0-4,-3,5-9,99999999-"})

    assert answer.status_code == 206
    assert int(answer.headers["content-length"]) == len(answer.content)
    parts = parse_parts(answer)
    assert parts == [
        (f"bytes 2000000-2000009/{len(CONTENT)}", CONTENT[2000000:2000010]),
        (f"bytes 0-9/{len(CONTENT)}", CONTENT[:10]),
        (f"bytes {len(CONTENT) - 3}-{len(CONTENT) - 1}/{len(CONTENT)}", CONTENT[-3:]),
    ]


async def test_ranges_that_overlap_are_sent_once(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", CONTENT)

    answer = await web.http.get(film.url, headers={"Range": "bytes=" + ",".join(f"{n}-" for n in range(60))})

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"
    assert digest(answer.content) == digest(CONTENT)


async def test_any_ranges_whatever_give_the_right_bytes(web: Web, films: Films) -> None:
    """The reading of the header is tested by its model; here the bytes that come of it, over the wire."""
    content = CONTENT[:400_000]
    film = await films.add("film.mp4", content)
    chance = random.Random(11)

    for _ in range(60):
        header = "bytes=" + ",".join(random_range(chance, len(content)) for _ in range(chance.randint(1, 6)))
        answer = await web.http.get(film.url, headers={"Range": header})
        match answer.status_code:
            case 200:
                assert answer.content == content, header
            case 206:
                assert int(answer.headers["content-length"]) == len(answer.content), header
                for content_range, body in parts_of(answer):
                    first, last = map(int, content_range.removeprefix("bytes ").partition("/")[0].split("-"))
                    assert body == content[first : last + 1], header
            case status:
                assert status == 416, header


def random_range(chance: random.Random, size: int) -> str:
    first, length = chance.randint(0, size + 10), chance.randint(-2, 5000)
    return chance.choice([f"{first}-{first + length}", f"{first}-", f"-{abs(length)}", f" {first}-{first}", "0-0"])


def parts_of(answer: httpx.Response) -> list[tuple[str, bytes]]:
    if "content-range" in answer.headers:
        return [(answer.headers["content-range"], answer.content)]
    return parse_parts(answer)


def parse_parts(answer: httpx.Response) -> list[tuple[str, bytes]]:
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    pieces = answer.content.split(b"\r\n--" + boundary.encode())
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    parts = []
    for piece in pieces[1:-1]:
        head, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        assert headers["Content-Type"] == "video/mp4"
        parts.append((headers["Content-Range"], body))
    return parts


async def test_head_tells_what_get_would_send_and_ignores_range(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", CONTENT)
    got = await web.http.get(film.url)

    answer = await web.http.head(film.url, headers={"Range": "bytes=0-9"})

    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges", "content-disposition"):
        assert answer.headers[name] == got.headers[name]


async def test_what_the_client_has_already_is_not_sent_again(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", CONTENT)
    os.utime(film.path, (1_600_000_000, 1_600_000_000))
    first = await web.http.head(film.url)
    assert first.headers["last-modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"

    for condition in (
        {"If-None-Match": first.headers["etag"]},
        {"If-None-Match": f'"other", W/{first.headers["etag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["last-modified"]},
        {"If-None-Match": first.headers["etag"], "Range": "bytes=0-1"},
    ):
        answer = await web.http.get(film.url, headers=condition)
        assert (answer.status_code, answer.content) == (304, b""), condition
        assert answer.headers["etag"] == first.headers["etag"]
        assert "content-length" not in answer.headers

    for condition in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": first.headers["last-modified"]},
        {"If-Modified-Since": "Sun, 13 Sep 2020 12:26:39 GMT"},
        {"If-Modified-Since": "yesterday"},
    ):
        answer = await web.http.get(film.url, headers=condition)
        assert answer.status_code == 200, condition


async def test_preconditions_that_fail_send_nothing(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", CONTENT)
    etag = (await web.http.head(film.url)).headers["etag"]

    for condition in (
        {"If-Match": '"other"'},
        {"If-Match": f"W/{etag}"},
        {"If-Unmodified-Since": "Sun, 13 Sep 2020 12:26:40 GMT"},
    ):
        answer = await web.http.get(film.url, headers=condition)
        assert answer.status_code == 412, condition
        assert answer.json()["code"] == "precondition_failed"
    assert (await web.http.get(film.url, headers={"If-Match": etag, "Range": "bytes=0-0"})).status_code == 206


async def test_if_range_sends_the_part_only_while_the_file_is_the_same(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", b"0123456789")
    os.utime(film.path, (1_600_000_000, 1_600_000_000))
    known = (await web.http.head(film.url)).headers
    part, whole = (206, b"23"), (200, b"0123456789")

    for validator, expected in (
        (known["etag"], part),
        (known["last-modified"], part),
        (f"W/{known['etag']}", whole),
        ('"other"', whole),
        ("Sun, 13 Sep 2020 12:26:41 GMT", whole),
        ("nonsense", whole),
    ):
        answer = await web.http.get(film.url, headers={"Range": "bytes=2-3", "If-Range": validator})
        assert (answer.status_code, answer.content) == expected, validator

    film.path.write_bytes(b"abcdefghij")
    answer = await web.http.get(film.url, headers={"Range": "bytes=2-3", "If-Range": known["etag"]})
    assert (answer.status_code, answer.content) == (200, b"abcdefghij")


async def test_the_same_size_written_within_the_same_second_has_another_etag(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", b"0123456789")
    os.utime(film.path, ns=(0, 1_600_000_000_000_000_001))
    before = (await web.http.head(film.url)).headers
    os.utime(film.path, ns=(0, 1_600_000_000_000_000_002))
    after = (await web.http.head(film.url)).headers

    assert before["last-modified"] == after["last-modified"]
    assert before["etag"] != after["etag"]


async def test_a_time_that_has_not_come_is_not_told(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", b"0123456789")
    os.utime(film.path, (4_000_000_000, 4_000_000_000))

    answer = await web.http.get(film.url, headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})

    assert answer.status_code == 200
    assert "last-modified" not in answer.headers


async def test_an_empty_file(web: Web, films: Films) -> None:
    film = await films.add("film.mp4", b"")

    whole = await web.http.get(film.url)
    assert (whole.status_code, whole.content, whole.headers["content-length"]) == (200, b"", "0")
    assert (await web.http.get(film.url, headers={"Range": "bytes=-5"})).status_code == 200
    assert (await web.http.get(film.url, headers={"Range": "bytes=0-"})).status_code == 416


@pytest.mark.parametrize(
    ("name", "kind", "disposition"),
    [
        ("page.html", "application/octet-stream", 'inline; filename="page.html"'),
        ("drawing.SVG", "application/octet-stream", 'inline; filename="drawing.SVG"'),
        ("noextension", "application/octet-stream", 'inline; filename="noextension"'),
        ("Song.FLAC", "audio/flac", 'inline; filename="Song.FLAC"'),
        (
            'a"b\\c\r\nSet-Cookie: x.mkv',
            "video/x-matroska",
            "inline; filename=\"a_b_c__Set-Cookie: x.mkv\"; filename*=UTF-8''a%22b%5Cc%0D%0ASet-Cookie%3A%20x.mkv",
        ),
        (
            "Amélie 100%.mp4",
            "video/mp4",
            "inline; filename=\"Am_lie 100_.mp4\"; filename*=UTF-8''Am%C3%A9lie%20100%25.mp4",
        ),
        (
            b"caf\xe9.mp4",
            "video/mp4",
            "inline; filename=\"caf_.mp4\"; filename*=UTF-8''caf%C3%A9.mp4",
        ),
    ],
)
async def test_a_name_is_told_safely_and_its_type_only_from_the_list(
    web: Web, films: Films, name: str | bytes, kind: str, disposition: str
) -> None:
    film = await films.add(name, b"bytes")

    answer = await web.http.get(film.url)

    assert answer.content == b"bytes"
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == disposition
    assert "set-cookie" not in answer.headers
