"""Who may speak to the server, and what every answer carries."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from app.web.guard import MAX_BODY, HostRefused, require_own_host
from tests.fixtures.web import Web

LIBRARIES = "/api/v1/libraries"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8484",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.8.9.10",
        "[::1]:8484",
        "revenge.localhost",
        "localhost.",
        "192.168.0.1:8484",
        "[fe80::1]",
        "media.example.org",
        "MEDIA.example.org.:443",
    ],
)
async def test_our_own_names_and_every_address_are_answered_to(web: Web, host: str) -> None:
    assert (await web.http.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "user@localhost",
        "localhost:port",
        "",
        "2130706433",
    ],
)
async def test_a_name_that_was_pointed_at_us_is_refused(web: Web, host: str) -> None:
    """DNS rebinding: a page's own name resolves to 127.0.0.1, and its script talks to us as to its own server."""
    answer = await web.http.get("/healthz", headers={"Host": host})

    assert (answer.status_code, answer.json()["code"]) == (403, "host_refused")
    assert "access-control-allow-origin" not in answer.headers


@given(st.lists(st.text(max_size=40), max_size=2))
def test_any_hosts_are_judged(hosts: list[str]) -> None:
    headers = Headers(raw=[(b"host", host.encode("utf-8")) for host in hosts])
    try:
        require_own_host(headers)
    except HostRefused:
        return
    assert len(hosts) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://[broken"},
    ],
)
async def test_another_sites_page_changes_nothing(web: Web, headers: dict[str, str]) -> None:
    answer = await web.http.put("/api/v1/queues/default/pause", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert (await web.http.get("/healthz", headers=headers)).status_code == 200


async def test_our_own_page_and_programs_may(web: Web) -> None:
    for headers in ({"Origin": str(web.http.base_url).rstrip("/")}, {"Sec-Fetch-Site": "same-origin"}, {}):
        answer = await web.http.put("/api/v1/queues/default/pause", headers=headers)
        assert answer.json()["code"] == "not_found", headers


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_a_body_must_say_that_it_is_json(web: Web, kind: str) -> None:
    """What a page elsewhere may send without asking first is never JSON."""
    answer = await web.http.post(LIBRARIES, content=b'{"name": "x"}', headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_body_that_is_too_large_is_refused_told_beforehand_or_not(web: Web) -> None:
    body = json.dumps({"name": "x" * MAX_BODY}).encode()

    async def pieces() -> object:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    headers = {"Content-Type": "application/json"}
    for content in (body, pieces()):
        answer = await web.http.post(LIBRARIES, content=content, headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert (await web.http.get("/healthz")).status_code == 200


async def test_every_answer_carries_what_keeps_browsers_honest(web: Web) -> None:
    for path in ("/healthz", "/nowhere", "/api/v1/libraries", "/api/v1/openapi.json", "/metrics"):
        headers = (await web.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-request-id"]
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


async def test_no_preflight_is_answered_kindly(web: Web) -> None:
    answer = await web.http.options(
        LIBRARIES, headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )

    assert answer.status_code == 405
    assert not any(name.startswith("access-control") for name in answer.headers)


async def test_a_request_id_is_taken_over_if_it_is_harmless(web: Web) -> None:
    async def id_for(given: str | None) -> str:
        headers = {} if given is None else {"X-Request-Id": given}
        answer: httpx.Response = await web.http.get("/nowhere", headers=headers)
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        return str(answer.headers["x-request-id"])

    assert await id_for("abc-123") == "abc-123"
    for harmful in (None, "a" * 65, "a b", "{}", ""):
        assert await id_for(harmful) not in (harmful, "")


async def test_the_log_names_the_path_and_never_the_query(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    await web.http.get("/api/v1/items?q=verysecret")

    logged = capsys.readouterr().out
    assert "/api/v1/items" in logged
    assert "verysecret" not in logged


async def test_metrics_count_by_route_and_never_by_path(web: Web) -> None:
    for path in ("/api/v1/jobs/1", "/api/v1/jobs/2", "/nowhere/1", "/nowhere/2"):
        await web.http.get(path)

    text = (await web.http.get("/metrics")).text

    assert 'revenge_http_requests_total{method="GET",route="/api/v1/jobs/{job_id}",status="404"} 2.0' in text
    assert 'revenge_http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'revenge_http_request_seconds_count{method="GET",route="/api/v1/jobs/{job_id}"} 2.0' in text
    assert "nowhere" not in text
