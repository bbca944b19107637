"""`revenge user`: a household set up from the machine itself."""

import io
import sys

import pytest

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

    assert (await revenge("user", "change", "kim", "--rename", "Kimberly", "--all-libraries")).code == 0
    assert (await revenge("user", "password", "Kimberly")).out == ("account Kimberly: password set, all logins ended\n")
    last = await revenge("user", "change", "Ada", "--role", "guest")
    assert (last.code, "last administrator" in last.err) == (1, True)
    assert (await revenge("user", "delete", "Kimberly")).out == "account Kimberly: deleted\n"
    assert (await revenge("user", "delete", "Kimberly")).err == (
        "revenge: no account called 'Kimberly'; see: revenge user list\n"
    )


async def test_no_password_makes_no_account(revenge, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    refused = await revenge("user", "add", "Ada", "--admin")
    assert (refused.code, refused.err) == (
        2,
        "revenge: password: is missing; type it, or send it through a pipe\n",
    )
    assert (await revenge("user", "list", "--json")).json == {"accounts": []}
