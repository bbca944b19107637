"""Headers that only a proxy may send; and secrets where they do not belong."""

import io

import httpx
import pytest

from app.accounts.roles import Role, Scope
from app.accounts.tokens import TOKEN
from tests.fixtures.accounts import BY_HAND, PASSWORD, Accounts
from tests.fixtures.web import Films, Web

FORGED = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"]


@pytest.mark.usefixtures("still_clock")
async def test_who_forges_a_proxys_headers_guesses_no_more_often(web: Web, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    statuses = []
    for number in range(8):
        headers = dict.fromkeys(FORGED[: number % len(FORGED) + 1], f"192.0.2.{number}")
        body = {"name": "Ada", "password": "guess guess"}
        statuses.append((await web.http.post("/api/v1/logins", json=body, headers=headers)).status_code)
    assert statuses[:5] == [401] * 5
    assert 429 in statuses[5:]


async def test_nobody_becomes_this_machine_by_saying_so(web: Web) -> None:
    """Without accounts loopback is the administrator. Whoever comes through a proxy is not, whatever it says."""
    for headers in (
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "::1, 127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 localhost"},
    ):
        answer = await web.http.get("/api/v1/libraries", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "setup_required"), headers
    answer = await web.http.get(
        "/api/v1/libraries", headers={"Host": "media.example.org", "X-Forwarded-Host": "localhost"}
    )
    assert answer.status_code == 401


async def test_tokens_and_passwords_are_in_no_log_no_metric_no_error_and_no_referrer(
    web: Web, accounts: Accounts, films: Films, log: io.StringIO
) -> None:
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    film = await films.add("a.mkv", b"film")
    await films.add("b.mkv", b"film")
    login = (await web.http.post("/api/v1/logins", json={"name": "Ada", "password": PASSWORD})).json()
    own = {"Authorization": f"Bearer {login['access_token']}"}
    media = (await web.http.post(f"/api/v1/files/{film.id}/token", headers=own)).json()["url"]
    async with accounts.transactions.begin() as tx:
        _, key = await accounts.keys.create(tx, BY_HAND, ada.id, name="key", scopes=[Scope.ADMIN])
    film.path.unlink()
    secrets = [login["access_token"], login["refresh_token"], media.rpartition("=")[2], key, PASSWORD]
    answers: list[httpx.Response] = []
    for secret in secrets:
        headers = {"Authorization": f"Bearer {secret}"}
        answers += [
            await web.http.get("/api/v1/nothing", headers=headers, params={"token": secret}),
            await web.http.get("/api/v1/items", headers=headers, params={"cursor": secret}),
            await web.http.get("/api/v1/items", headers=headers, params={secret: secret}),
            await web.http.get(film.url, params={"token": secret}),
            await web.http.patch("/api/v1/libraries", headers=headers),
            await web.http.post("/api/v1/logins", json={"name": "Ada", "password": secret, "refresh_token": secret}),
            await web.http.post("/api/v1/logins/refresh", json={"refresh_token": secret, "x": 1}),
            await web.http.put("/api/v1/me/password", headers=headers, json={"old": secret, "new": ""}),
        ]
    said = log.getvalue()
    metrics = (await web.http.get("/metrics")).text

    assert said.count("request  ") > len(answers)
    assert {answer.status_code // 100 for answer in answers} == {4}
    for secret in secrets:
        assert secret not in said
        assert secret not in metrics
    assert TOKEN.search(said + metrics) is None
    assert PASSWORD not in "".join(answer.text for answer in answers)
    assert {answer.headers["Referrer-Policy"] for answer in answers} == {"no-referrer"}
    leaked = [answer.request.url for answer in answers if TOKEN.search(answer.text)]
    assert leaked == []
