"""Which server a command speaks to: the one that is named, the one that runs here, or none but the database."""

import io
import json
import stat
import sys
from pathlib import Path

import httpx
import pytest

from app.accounts.local import LocalCredential, prove
from app.accounts.roles import Role, Scope
from app.cli.api import ServerAway, speaking
from app.config import DatabaseSettings, JobsSettings, Settings
from app.web import running
from app.web.running import Announcement, Running, database_of, url_nearby
from tests.fixtures.accounts import BY_HAND, PASSWORD, Accounts
from tests.fixtures.web import Web


@pytest.fixture
def told(web: Web, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The file that the server leaves for commands of this data directory, as `revenge` looks for it.

    A server that is too busy to prove itself in time is passed over. This one shares the process with the commands.
    """
    monkeypatch.setattr("app.cli.reaching.PATIENCE", httpx.Timeout(60))
    known = Running(url=web.server.url, token=web.credential.token, database=database_of(configured(database_url)))
    running.write(tmp_path / "data", known)
    return known


def configured(url: str, schema: str = "river") -> Settings:
    return Settings(database=DatabaseSettings(url=url), jobs=JobsSettings(schema=schema))


def answered(web: Web, path: str, status: int = 200, method: str = "GET") -> float:
    return web.metrics.http_requests.labels(method, path, str(status))._value.get()


async def test_the_server_that_runs_here_is_asked_and_answers_the_same(web: Web, told, revenge, tmp_path):
    films = tmp_path / "films"
    films.mkdir()
    made = (await revenge("library", "add", "Films", films, "--json")).json
    there = await revenge("library", "list", "--json"), await revenge("jobs", "stats")
    assert answered(web, "/api/v1/libraries", 201, "POST") == 1
    assert answered(web, "/api/v1/libraries") == 1

    running.remove(tmp_path / "data", told.token)
    here = await revenge("library", "list", "--json"), await revenge("jobs", "stats")
    assert answered(web, "/api/v1/libraries") == 1
    assert here == there
    assert here[0].json == {"libraries": [made]}


async def test_what_it_refuses_is_one_line_and_the_same_code(web: Web, told, revenge):
    asked = [
        ("jobs", "get", "404"),
        ("queue", "pause", "nothing"),
        ("items", "--sort", "colour"),
        ("items", "-q", "\udcff"),
    ]
    there = [await revenge(*words) for words in asked]
    assert [run.code for run in there] == [1, 1, 2, 2]
    assert [run.err.count("\n") for run in there] == [1, 1, 1, 1]
    assert there[0].err == "revenge: no job 404\n"
    assert answered(web, "/api/v1/jobs/{job_id}", 404) == 1


async def test_with_accounts_the_machines_own_commands_are_still_the_administrators(
    web: Web,
    told,
    accounts: Accounts,
    revenge,
    monkeypatch,
):
    await accounts.make("Ada", Role.ADMINISTRATOR)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n"))
    assert (await revenge("user", "add", "Kim")).out.startswith("account Kim: ")
    assert answered(web, "/api/v1/accounts", 201, "POST") == 1
    assert [one["name"] for one in (await revenge("user", "list", "--json")).json["accounts"]] == ["Ada", "Kim"]


@pytest.mark.parametrize("left", ["nothing listens", "another database", "another program", "no JSON"])
async def test_what_a_killed_server_has_left_behind_is_passed_over(  # noqa: PLR0917  fixtures
    web: Web,
    told: Running,
    revenge,
    tmp_path,
    database_url,
    left,
):
    """Another program that listens there now is shown a challenge, and nothing that opens anything."""
    other = LocalCredential().token
    stale = {
        "nothing listens": Running(url="http://127.0.0.1:1", token=told.token, database=told.database),
        "another database": Running(
            url=told.url, token=told.token, database=database_of(configured(database_url, "queue"))
        ),
        "another program": Running(url=told.url, token=other, database=told.database),
    }
    file = tmp_path / "data" / running.FILE
    if left == "no JSON":
        file.write_text("{")
    else:
        running.write(tmp_path / "data", stale[left])
    assert (await revenge("library", "list", "--json")).json == {"libraries": []}
    assert answered(web, "/api/v1/proof") == (left == "another program")
    assert answered(web, "/api/v1/libraries") == answered(web, "/api/v1/libraries", 401) == 0


@pytest.fixture
async def key(accounts: Accounts) -> str:
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    async with accounts.transactions.begin() as tx:
        return (await accounts.keys.create(tx, BY_HAND, ada.id, name="laptop", scopes=[Scope.ADMIN]))[1]


async def test_another_machines_server_is_asked_with_a_key(web: Web, key, revenge, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    listed = await revenge("--server", web.server.url, "--api-key", key, "user", "list", "--json")
    assert [one["name"] for one in listed.json["accounts"]] == ["Ada"]

    monkeypatch.setenv("REVENGE_SERVER", f"{web.server.url}/")
    monkeypatch.setenv("REVENGE_API_KEY", key)
    assert (await revenge("user", "list", "--json")) == listed
    monkeypatch.setenv("REVENGE_API_KEY", "")
    refused = await revenge("user", "list")
    assert (refused.code, "needs a login: give an administrator's API key" in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--server", "media.example.org", "items"), "server: must be an address such as https://"),
        (("--server", "http://[::1", "items"), "server: must be an address"),
        (("--server", "http://h:x", "items"), "server: must be an address"),
        (("--server", "http://jo:hush@h", "items"), "server: must hold no name and password"),
        (("--api-key", "rvk_x", "items"), "api-key: is for another machine's server"),
        (("--server", "http://h", "migrate"), "server: this command is about this machine"),
    ],
)  # fmt: skip
async def test_a_server_that_makes_no_sense_is_2(revenge, words, line):
    run = await revenge(*words)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(f"revenge: {line}")
    assert "hush" not in run.err


async def test_a_server_that_is_away_is_one_line(revenge):
    run = await revenge("--server", "http://127.0.0.1:1", "queue", "list")
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert run.err.startswith("revenge: http://127.0.0.1:1 cannot be reached: ")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(502, text="<html>"), "answered 502 Bad Gateway; is it a Revenge server, and of this version?"),
        (httpx.Response(299, text="<html>"), "answers what makes no sense here"),
        (httpx.Response(302, headers={"Location": "http://elsewhere"}), "answered 302 Found"),
        (httpx.Response(404, json={"code": "route_not_found", "detail": ""}), "does not know this command"),
    ],
)  # fmt: skip
async def test_what_is_no_server_of_ours_is_said_to_be_none(answer, said):
    transport = httpx.MockTransport(lambda _: answer)
    async with speaking("http://there", None, transport=transport) as api:
        with pytest.raises(Exception, match="http://there ") as refused:
            await api.get("/queues", dict[str, object])
    assert said in str(refused.value)
    assert not isinstance(refused.value, ServerAway)


async def test_the_credential_is_good_on_this_machine_alone(web: Web, accounts):
    credential = web.credential
    await accounts.make("Ada", Role.ADMINISTRATOR)
    shown = {"Authorization": f"Bearer {credential.token}"}
    assert (await web.http.get("/api/v1/accounts", headers=shown)).status_code == 200
    elsewhere = shown | {"X-Forwarded-For": "192.0.2.7"}
    for headers in (elsewhere, {"Authorization": f"Bearer {LocalCredential().token}"}):
        answer = await web.http.get("/api/v1/accounts", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    own = await web.http.get("/api/v1/logins", headers=shown)
    assert (own.status_code, own.json()["code"]) == (403, "no_account")

    asked = {"challenge": "ab" * 32}
    proof = await web.http.get("/api/v1/proof", params=asked)
    assert proof.json() == {"proof": prove(credential.token, "ab" * 32)}
    assert credential.token not in proof.text
    assert (await web.http.get("/api/v1/proof", params=asked, headers=elsewhere)).status_code == 403


async def test_the_file_is_the_owners_alone_and_goes_with_the_server(tmp_path):
    settings = Settings(data_dir=tmp_path / "new")
    one, other = Announcement(settings, "rvl_one"), Announcement(settings, "rvl_other")
    await one.tell("0.0.0.0", 8484)
    file = tmp_path / "new" / running.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert json.loads(file.read_text()) == {
        "url": "http://127.0.0.1:8484", "token": "rvl_one", "database": database_of(settings),
    }  # fmt: skip
    await other.tell("::1", 8485)
    await one.take_back()
    assert json.loads(file.read_text())["url"] == "http://[::1]:8485"
    await other.take_back()
    await other.take_back()
    assert list(file.parent.iterdir()) == []


async def test_a_directory_that_cannot_be_written_stops_no_server(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    announcement = Announcement(Settings(data_dir=tmp_path / "file"), "rvl_one")
    await announcement.tell("127.0.0.1", 8484)
    await announcement.take_back()
    assert capsys.readouterr().out.count("commands on this machine will not find this server") == 1


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"), ("192.0.2.7", "http://192.0.2.7:1")],
)  # fmt: skip
def test_where_this_machine_reaches_a_server(host, url):
    assert url_nearby(host, 1) == url
