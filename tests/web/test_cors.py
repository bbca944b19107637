"""Pages of the origins that the configuration names may ask; nobody else's page learns anything from us."""

import pytest
from pydantic import TypeAdapter, ValidationError

from app.config import HttpSettings
from tests.fixtures.web import FRIEND, Films, Web

LIBRARIES = "/api/v1/libraries"
ASKING = {"Origin": FRIEND, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}


async def test_a_friends_page_is_told_that_it_may_ask(web: Web) -> None:
    for path in (LIBRARIES, f"{LIBRARIES}/anything", "/nowhere"):
        answer = await web.http.options(path, headers=ASKING)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
        allowed = answer.headers["Access-Control-Allow-Headers"].casefold()
        assert all(name in allowed for name in ("authorization", "content-type", "if-match", "range"))
        assert "Origin" in answer.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        FRIEND + ".evil.example",
        FRIEND.replace("https", "http"),
        FRIEND + ":8443",
        FRIEND.upper(),
        f"{FRIEND}, https://evil.example",
    ],
)
async def test_any_other_page_is_told_nothing(web: Web, origin: str) -> None:
    asked = await web.http.options(LIBRARIES, headers={**ASKING, "Origin": origin})
    read = await web.http.get(LIBRARIES, headers={"Origin": origin})
    done = await web.http.put("/api/v1/queues/default/pause", headers={"Origin": origin or "null"})
    assert (asked.status_code, read.status_code, done.json()["code"]) == (405, 200, "cross_site")
    for answer in (asked, read, done):
        assert not any(name.startswith("access-control") for name in answer.headers)
        assert "Origin" in answer.headers["Vary"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_two_origins_are_none(web: Web) -> None:
    answer = await web.http.get(LIBRARIES, headers=[("Origin", FRIEND), ("Origin", FRIEND)])
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_friends_page_reads_answers_refusals_and_what_headers_say(web: Web, films: Films) -> None:
    film = await films.add("a.mkv", b"0123456789")
    page = {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"}
    part = await web.http.get(film.url, headers={**page, "Range": "bytes=2-3"})
    assert (part.status_code, part.content) == (206, b"23")
    changed = await web.http.patch(f"{LIBRARIES}/{films.library_id}", json={"name": "Friends"}, headers=page)
    assert changed.status_code == 200
    wrong = await web.http.post(LIBRARIES, content=b"x", headers={**page, "Content-Type": "text/plain"})
    assert wrong.status_code == 415
    for answer in (part, changed, wrong, await web.http.get("/nowhere", headers=page)):
        assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"ETag", "Content-Range", "Location", "RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed)


async def test_a_name_that_was_pointed_at_us_asks_in_vain(web: Web) -> None:
    answer = await web.http.options(LIBRARIES, headers={**ASKING, "Host": "friend.example.org"})
    assert (answer.status_code, answer.json()["code"]) == (403, "host_refused")


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*.example.org", "https://example.org/", "HTTPS://example.org", "https://example.org:443",
     "http://example.org:80", "ftp://example.org", "example.org", "https://user@example.org"],
)  # fmt: skip
def test_an_origin_no_browser_writes_is_no_setting(origin: str) -> None:
    with pytest.raises(ValidationError, match="cors_origins"):
        TypeAdapter(HttpSettings).validate_python({"cors_origins": [origin]})


def test_origins_as_browsers_write_them() -> None:
    origins = ("https://example.org", "http://127.0.0.1:3000", "http://[::1]:8080", "https://example.org:8443")
    assert TypeAdapter(HttpSettings).validate_python({"cors_origins": origins}).cors_origins == origins
