"""How the first account comes about when a server starts: from the configuration, or by the link that it prints."""

import asyncio

import pytest
from structlog.testing import capture_logs

from app.accounts.errors import InvalidToken
from app.accounts.first import FirstAccount
from app.accounts.passwords import Hashed
from app.accounts.roles import Role
from app.config import Settings
from app.errors import InvalidInput
from tests.fixtures.accounts import HOME, PASSWORD

LINK = "http://127.0.0.1:8484/setup#"


@pytest.fixture
def first_of(accounts, monkeypatch):
    """Make what a start makes, of a node with these variables in its environment."""

    def make(**environ):
        for name, value in environ.items():
            monkeypatch.setenv(f"REVENGE_ACCOUNTS__FIRST__{name}", value)
        return FirstAccount(accounts.transactions, accounts.service, accounts.passwords, Settings.load())

    return make


async def all_of(accounts):
    async with accounts.transactions.begin() as tx:
        return await accounts.service.list_all(tx)


async def test_a_container_names_it_in_its_environment_and_ten_nodes_make_one(first_of, accounts):
    first = first_of(NAME="Ada", PASSWORD=PASSWORD)
    await asyncio.gather(*(first.make_configured() for _ in range(10)))

    (ada,) = await all_of(accounts)
    assert (ada.name, ada.role) == ("Ada", Role.ADMINISTRATOR)
    await accounts.log_in("Ada")


async def test_what_is_configured_is_ignored_once_there_is_an_account(first_of, accounts):
    await accounts.make("Kim", Role.ADMINISTRATOR)
    await first_of(NAME="Ada", PASSWORD=PASSWORD).make_configured()
    assert [account.name for account in await all_of(accounts)] == ["Kim"]


async def test_a_name_that_will_not_do_ends_the_start(first_of, accounts):
    with pytest.raises(InvalidInput, match="name"):
        await first_of(NAME=" ", PASSWORD=PASSWORD).make_configured()
    assert await all_of(accounts) == []


async def test_a_start_without_accounts_prints_a_link_that_makes_one_and_the_next_none(first_of, accounts):
    first = first_of()
    await first.make_configured()
    links = [await told(first), await told(first)]
    older, newer = (link["link"].removeprefix(LINK) for (link,) in links)
    assert links[0][0]["or_run"] == "revenge user add NAME --admin"

    values = {"name": "Ada", "password": Hashed("a hash"), "address": HOME}
    with pytest.raises(InvalidToken):
        async with accounts.transactions.begin() as tx:
            await accounts.service.create_first(tx, older, **values)
    async with accounts.transactions.begin() as tx:
        await accounts.service.create_first(tx, newer, **values)
    assert await told(first) == []


async def told(first):
    with capture_logs() as lines:
        await first.announce("http://127.0.0.1:8484")
    return lines
