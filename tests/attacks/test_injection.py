"""Words that mean something further in: to SQL, to headers, to logs, to file systems, to parsers of bodies."""

import io
import json
import re
from typing import Any

import httpx
from sqlalchemy import text

from app.web.application import OPENAPI_URL
from tests.attacks.raw import get
from tests.fixtures.web import Films, Web

SQL = [
    "' OR '1'='1",
    '" OR 1=1 --',
    "'; DROP TABLE item; --",
    "1); DELETE FROM library; --",
    "\\'; --",
    "%(x)s",
    "%s",
    "$1",
    "${7*7}",
    "{{7*7}}",
    "%",
    "_",
    "\\",
    "' UNION SELECT password_hash FROM account --",
    "1' AND pg_sleep(9)--",
]
CONTROL = ["\r\nX-Injected: 1", "\n2026-11-30 [info] forged", "\x1b[31m", "\u2028", "\u202e", "\x85"]

TRAVERSALS = [
    "..",
    "../..",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc/passwd",
    "..%252f..%252fetc%252fpasswd",
    "..%c0%af..%c0%afetc%c0%afpasswd",
    "%c0%ae%c0%ae/",
    "..%5c..%5cetc%5cpasswd",
    "..%00/etc/passwd",
    "%00",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "....//....//etc/passwd",
    "%uff0e%uff0e/",
    "..;/..;/etc/passwd",
    "~root",
    "con",
    "/proc/self/environ",
    "%2fproc%2fself%2fenviron",
]


async def operations(web: Web) -> list[tuple[str, str, dict[str, Any]]]:
    paths = (await web.http.get(OPENAPI_URL)).json()["paths"]
    return [(method.upper(), path, one) for path, methods in paths.items() for method, one in methods.items()]


async def test_no_word_of_a_query_is_sql(web: Web, films: Films) -> None:
    """As the local administrator, who may ask everything: every text that any list takes."""
    await films.shelf.item(films.library_id, "Metropolis")
    asked = 0
    for method, path, one in await operations(web):
        names = [parameter["name"] for parameter in one.get("parameters", ()) if parameter["in"] == "query"]
        if method == "GET" and "{" not in path and names:
            for number, word in enumerate(SQL + CONTROL):
                answer = await web.http.get(path, params={names[number % len(names)]: word})
                assert answer.status_code in (200, 400, 404), (path, names, word, answer.text)
                asked += 1
    assert asked > 80
    for word in SQL:
        found = await web.http.get("/api/v1/items", params={"q": word})
        assert found.status_code != 200 or found.json()["items"] == [], word
        assert (
            await web.http.put(f"/api/v1/queues/{httpx.QueryParams({'': word})!s}"[:-1] + "/pause")
        ).status_code < 500
    async with films.shelf.transactions.begin() as tx:
        assert await tx.session.scalar(text("SELECT count(*) FROM item")) == 1
        assert await tx.session.scalar(text("SELECT count(*) FROM library")) == 1


async def test_no_address_leads_out_of_where_it_belongs(web: Web, films: Films) -> None:
    film = await films.add("a.mkv", b"film")
    for method, path, one in await operations(web):
        names = [parameter["name"] for parameter in one.get("parameters", ()) if parameter["in"] == "path"]
        if method != "GET" or not names:
            continue
        known = dict.fromkeys(names, str(film.id)) | {"place": "0", "role": "poster"}
        for number, word in enumerate(TRAVERSALS):
            name = names[number % len(names)]
            status, said = await get(web, path.format(**known | {name: word}))
            assert status in (400, 404, 405), (path, word, said)
            assert b"root:" not in said
    for word in TRAVERSALS:
        for prefix in ("/", "/setup/", "/setup.js/", "/api/v1/", "/api/v1/files/"):
            assert (await get(web, prefix + word))[0] in (400, 404, 405), prefix + word


async def test_a_files_name_stays_inside_its_header(web: Web, films: Films) -> None:
    for number, word in enumerate(
        ['a"; filename="b.exe', "a\r\nSet-Cookie: x=1\r\n\r\n<script>", "a\n\nb", "\u202egpj.exe", "\x7f"]
    ):
        film = await films.add(f"{number}{word}.mkv".replace("/", "_"), b"film")
        answer = await web.http.get(film.url)
        assert (answer.status_code, answer.content) == (200, b"film")
        assert "set-cookie" not in answer.headers
        disposition = answer.headers["content-disposition"]
        assert disposition.isascii()
        assert disposition.isprintable()
        assert disposition.replace('\\"', "").count('"') in (0, 2)


async def test_no_request_writes_a_line_of_its_own_into_the_log(web: Web, log: io.StringIO) -> None:
    for word in (
        "%0a2026-11-30 00:00:00 [info     ] forged",
        "%0d%0aforged",
        "%1b[2Kforged",
        "%c2%85forged",
        "%e2%80%a8forged",
    ):
        await get(web, "/nothing" + word.replace(" ", "%20"))
        await web.http.get("/nothing", headers={"User-Agent": "x\tforged", "X-Request-Id": "a b forged"})
    said = log.getvalue()
    lines = said.splitlines()  # at every character that ends one for anybody
    assert sum("[web.access]" in line for line in lines) == 10
    assert [line for line in lines if not re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z \[", line)] == []
    assert "\x1b[2K" not in said


BODIES: list[bytes] = [
    b"",
    b"{",
    b"[" * 100_000,
    b"[" * 400_000 + b"]" * 400_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b"null",
    b"[]",
    b'""',
    b"1" * 100_000,
    b"1e999999",
    b"-0",
    b"NaN",
    b"Infinity",
    b'{"name":1e400}',
    b'{"name":"\\ud800"}',
    b'{"name":"\\u0000"}',
    b'{"name":"\xff"}',
    b"\xff\xfe{\0}\0",
    b"\xef\xbb\xbf{}",
    b'{"name":"' + b"x" * 900_000 + b'"}',
    b'{"name":1,"name":"x"}',
    b'{"__proto__":{},"constructor":{}}',
    b'{"name":{"$ne":null}}',
    b'{"name":["x"]}',
    b'{"' + b"k" * 500_000 + b'":1}',
    b"{" + b",".join(b'"%d":1' % number for number in range(50_000)) + b"}",
    b"<?xml version='1.0'?><!DOCTYPE a>",
    b"name=x&password=y",
    b"\x1f\x8b\x08\0" + b"\0" * 100,
]


SMALL = 1000
WITH_LARGE = {"/api/v1/logins", "/api/v1/libraries"}
"""All bodies are read by the same code: here it gets them all, and each other route a part of the small ones."""


async def test_no_body_breaks_what_reads_it(web: Web) -> None:
    """Too deep, too long, no text, no JSON, or somebody else's idea of it: told to be wrong, on every route."""
    bodies = 0
    small = [body for body in BODIES if len(body) < SMALL]
    for number, (method, path, one) in enumerate(await operations(web)):
        if "requestBody" not in one:
            continue
        names = [parameter["name"] for parameter in one.get("parameters", ()) if parameter["in"] == "path"]
        address = path.format(**dict.fromkeys(names, "01a229e3-efa0-7be9-b4b4-72ce710a31db"))
        for body in BODIES if path in WITH_LARGE else small[number % 4 :: 4]:
            answer = await web.http.request(method, address, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 401, 403, 404, 409, 413, 415, 422, 429), (path, body[:40], answer.text)
            bodies += 1
    assert bodies > 100


async def test_a_compressed_body_is_not_blown_up(web: Web) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await web.http.post("/api/v1/logins", content=b"\x1f\x8b\x08\0" + b"\0" * 100, headers=headers)
    assert answer.status_code in (400, 415)
    answer = await web.http.post("/api/v1/logins", content=json.dumps({"name": "x" * 2_000_000}), headers=headers)
    assert answer.status_code == 413
