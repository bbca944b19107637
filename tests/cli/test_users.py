"""`revenge user`: a household set up from the machine itself."""

import io
import sys

import pytest

from app.accounts.roles import Role, Scope
from tests.fixtures.accounts import PASSWORD, cheap_passwords


@pytest.fixture(autouse=True)
def password_in_a_pipe(monkeypatch):
    monkeypatch.setattr("app.accounts.module.Passwords", cheap_passwords)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n" * 9))


async def test_a_household_is_made_listed_changed_and_deleted(revenge, accounts, shelf):
    await shelf.library(name="Cartoons")
    refused = await revenge("user", "add", "Bob")
    assert (refused.code, refused.err) == (
        2,
        "revenge: role: the first account has to be an administrator's\n",
    )
    assert (await revenge("user", "add", "Ada", "--admin")).out.startswith("account Ada: ")
    made = (await revenge("user", "add", "Kim", "--library", "cartoons", "--json")).json
    assert (made["role"], made["all_libraries"], len(made["libraries"])) == ("member", False, 1)
    assert [row[1:5] for row in (await revenge("user", "list")).rows[1:]] == [
        ["Ada", "administrator", "all libraries", "set"],
        ["Kim", "member", "1 library", "set"],
    ]
    await accounts.log_in("Kim")
    limited = (await revenge("user", "change", "Kim", "--max-age", "12", "--unrated", "--json")).json
    assert (limited["max_age"], limited["allow_unrated"]) == (12, True)
    assert (await revenge("user", "list")).rows[2][3] == "1 library, up to 12 or unrated"
    assert (await revenge("user", "change", "Kim", "--max-age", "99")).err.startswith(
        "revenge: max_age: must be at most 21"
    )
    free = (await revenge("user", "change", "Kim", "--any-age", "--json")).json
    assert (free["max_age"], free["allow_unrated"]) == (None, True)

    assert (await revenge("user", "change", "kim", "--rename", "Kimberly", "--all-libraries", "--disable")).out == (
        "account Kimberly: member, sees all libraries, let in no more\n"
    )
    assert (await revenge("user", "password", "Kimberly")).out == ("account Kimberly: password set, all logins ended\n")
    last = await revenge("user", "change", "Ada", "--role", "guest")
    assert (last.code, "last administrator" in last.err) == (1, True)
    assert (await revenge("user", "delete", "Kimberly")).out == "account Kimberly: deleted\n"
    assert (await revenge("user", "delete", "Kimberly")).err == (
        "revenge: no account called 'Kimberly'; see: revenge user list\n"
    )


async def test_what_opens_an_account_is_listed_made_and_ended(revenge, accounts):
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Gus", Role.GUEST)
    await accounts.log_in("Ada")
    (login,) = (await revenge("user", "logins", "ada", "--json")).json["logins"]
    assert (await revenge("user", "logins", "Ada")).rows[1][:2] == [login["id"], "telly"]
    await accounts.log_in("Ada")
    either = await revenge("user", "log-out", "Ada", "telly")
    assert (either.code, "see: revenge user logins 'Ada'" in either.err) == (1, True)
    assert (await revenge("user", "log-out", "Ada", login["id"])).out == "account Ada: telly logged out\n"
    assert (await revenge("user", "log-out", "Ada", login["id"])).code == 1
    assert (await revenge("user", "log-out", "Ada", "telly")).code == 0
    assert (await revenge("user", "logins", "Ada", "--json")).json == {"logins": []}

    made = await revenge("user", "add-key", "Ada", "sonarr", "--scope", "scan", "--scope", "read")
    assert made.err == "key sonarr of Ada; it is shown this once\n"
    async with accounts.transactions.begin() as tx:
        viewer = await accounts.keys.viewer(tx, made.out.strip())
    assert (viewer.name, viewer.scopes) == ("Ada", {Scope.SCAN, Scope.READ})
    assert (await revenge("user", "keys", "Ada")).rows[1][1:4] == ["sonarr", f"{made.out[:8]}…", "read scan"]
    day = await revenge("user", "add-key", "Ada", "guest", "--scope", "read", "--expires", "2100-01-01", "--json")
    assert day.json["api_key"]["expires_at"] == "2100-01-01T00:00:00Z"
    past = await revenge("user", "add-key", "Ada", "late", "--scope", "read", "--expires", "2001-01-01")
    assert (past.code, past.err) == (2, "revenge: expires_at: must lie in the future\n")
    assert (await revenge("user", "delete-key", "Ada", "guest")).code == 0
    assert (await revenge("user", "delete-key", "Ada", "radarr")).code == 1
    assert (await revenge("user", "delete-key", "Ada", "sonarr")).out == "account Ada: key sonarr ended\n"
    assert (await revenge("user", "keys", "Ada", "--json")).json == {"api_keys": []}
    refused = await revenge("user", "add-key", "Gus", "x", "--scope", "read")
    assert (refused.code, refused.err) == (1, "revenge: guests have no API keys\n")
    assert (await revenge("user", "add-key", "Ada", "x")).code == 2
    limited = await revenge("user", "add", "Lou", "--max-age", "6", "--no-password")
    assert (limited.code, "--unrated shows it" in limited.err) == (0, True)


async def test_no_password_makes_no_account(revenge, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    refused = await revenge("user", "add", "Ada", "--admin")
    assert (refused.code, refused.err) == (
        2,
        "revenge: password: is missing; type it, or send it through a pipe\n",
    )
    assert (await revenge("user", "list", "--json")).json == {"accounts": []}
