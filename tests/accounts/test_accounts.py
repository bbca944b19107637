"""Accounts: the first one, who may be taken away, and what two who edit at once see."""

import asyncio

import pytest

from app.accounts.audit import events
from app.accounts.errors import (
    AccountNotFound,
    AlreadySetUp,
    ChangedMeanwhile,
    InvalidToken,
    LastAdministrator,
    NameTaken,
)
from app.accounts.passwords import Hashed
from app.accounts.roles import Role
from app.accounts.service import AccountChange
from app.errors import InvalidInput
from tests.fixtures.accounts import BY_HAND, HOME

HASHED = Hashed("a hash")


async def test_the_first_administrator_is_made_with_the_code_that_was_printed_and_only_once(accounts):
    async with accounts.transactions.begin() as tx:
        code = await accounts.service.first_code(tx)
    first = {"name": "Ada", "password": HASHED, "address": HOME}
    for wrong in (code[:-1] + ("a" if code[-1] != "a" else "b"), "", "rvc_"):
        with pytest.raises(InvalidToken):
            async with accounts.transactions.begin() as tx:
                await accounts.service.create_first(tx, wrong, **first)

    async with accounts.transactions.begin() as tx:
        made = await accounts.service.create_first(tx, code, **first)

    assert (made.name, made.role, made.all_libraries) == ("Ada", Role.ADMINISTRATOR, True)
    with pytest.raises(AlreadySetUp):
        async with accounts.transactions.begin() as tx:
            await accounts.service.create_first(tx, code, name="Eve", password=HASHED, address=HOME)
    async with accounts.transactions.begin() as tx:
        assert await accounts.service.first_code(tx) is None


async def test_a_code_is_worth_nothing_after_a_day_and_after_a_newer_one(accounts):
    async with accounts.transactions.begin() as tx:
        older = await accounts.service.first_code(tx)
    async with accounts.transactions.begin() as tx:
        newer = await accounts.service.first_code(tx)
    with pytest.raises(InvalidToken):
        async with accounts.transactions.begin() as tx:
            await accounts.service.create_first(tx, older, name="Eve", password=HASHED, address=HOME)
    accounts.wait(hours=24, seconds=1)
    with pytest.raises(InvalidToken):
        async with accounts.transactions.begin() as tx:
            await accounts.service.create_first(tx, newer, name="Ada", password=HASHED, address=HOME)


async def test_two_who_have_the_code_make_one_account(accounts):
    async with accounts.transactions.begin() as tx:
        code = await accounts.service.first_code(tx)

    async def first(name):
        async with accounts.transactions.begin() as tx:
            return await accounts.service.create_first(tx, code, name=name, password=HASHED, address=HOME)

    outcomes = await asyncio.gather(first("Ada"), first("Eve"), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AccountRecord", "AlreadySetUp"]


async def test_the_first_account_has_to_be_an_administrators(accounts):
    with pytest.raises(InvalidInput, match="the first account has to be an administrator's"):
        await accounts.make("Ada", Role.MEMBER)


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb", "a\u202eb"])
async def test_names_that_would_mislead_are_refused(accounts, name):
    with pytest.raises(InvalidInput, match="name"):
        await accounts.make(name, Role.ADMINISTRATOR)


async def test_names_are_one_whatever_their_case(accounts):
    await accounts.make("Ada", Role.ADMINISTRATOR)
    with pytest.raises(NameTaken):
        await accounts.make(" aDA ")


@pytest.mark.parametrize("password", ["short", "x" * 257])
async def test_passwords_too_short_or_too_long_are_refused(accounts, password):
    with pytest.raises(InvalidInput, match="8 to 256 characters"):
        await accounts.passwords.hash(password)


@pytest.mark.parametrize(
    "change", [AccountChange(role=Role.MEMBER), AccountChange(disabled=True)], ids=["demoted", "disabled"]
)
async def test_the_last_administrator_stays(accounts, change):
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.make("Bob")
    with pytest.raises(LastAdministrator):
        async with accounts.transactions.begin() as tx:
            await accounts.service.change(tx, BY_HAND, ada.id, change)
    with pytest.raises(LastAdministrator):
        async with accounts.transactions.begin() as tx:
            await accounts.service.delete(tx, BY_HAND, ada.id)


async def test_two_administrators_cannot_demote_each_other_at_once(accounts):
    both = [await accounts.make(name, Role.ADMINISTRATOR) for name in ("Ada", "Bob")]

    async def demote(account):
        async with accounts.transactions.begin() as tx:
            await accounts.service.change(tx, BY_HAND, account.id, AccountChange(role=Role.MEMBER))

    outcomes = await asyncio.gather(*map(demote, both), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes].count(LastAdministrator) == 1


async def test_who_edits_what_has_changed_meanwhile_is_told(accounts):
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    async with accounts.transactions.begin() as tx:
        changed = await accounts.service.change(
            tx, BY_HAND, ada.id, AccountChange(name="Countess"), version=ada.version
        )
    assert (changed.name, changed.version) == ("Countess", ada.version + 1)
    with pytest.raises(ChangedMeanwhile):
        async with accounts.transactions.begin() as tx:
            await accounts.service.change(tx, BY_HAND, ada.id, AccountChange(name="Ada"), version=ada.version)


async def test_access_is_given_to_libraries_that_exist(accounts, shelf):
    await accounts.make("Ada", Role.ADMINISTRATOR)
    films = await shelf.library(name="Films")
    bob = await accounts.make("Bob", libraries=[films])
    assert (bob.all_libraries, bob.libraries) == (False, frozenset({films}))
    with pytest.raises(InvalidInput, match=f"no library {bob.id}"):
        async with accounts.transactions.begin() as tx:
            await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(libraries=[films, bob.id]))
    async with accounts.transactions.begin() as tx:
        bob = await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(libraries=[]))
    assert (bob.all_libraries, bob.libraries) == (False, frozenset())
    async with accounts.transactions.begin() as tx:
        bob = await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(all_libraries=True))
    assert bob.all_libraries


async def test_a_limit_of_age_is_set_and_taken_away(accounts):
    ada = await accounts.make("Ada", Role.ADMINISTRATOR, max_age=6)
    kim = await accounts.make("Kim", max_age=12)
    assert (kim.max_age, kim.allow_unrated) == (12, False)
    token = (await accounts.log_in("Kim")).access_token
    assert [(await accounts.viewer(token)).is_of_age(age) for age in (12, 13, None)] == [True, False, False]
    for change, expected in (
        (AccountChange(allow_unrated=True), (12, True)),
        (AccountChange(name="Kimberly"), (12, True)),
        (AccountChange(max_age=0), (0, True)),
        (AccountChange(max_age=None), (None, True)),
    ):
        async with accounts.transactions.begin() as tx:
            kim = await accounts.service.change(tx, BY_HAND, kim.id, change)
        assert (kim.max_age, kim.allow_unrated) == expected
    assert (await accounts.viewer(token)).is_of_age(18)
    for age in (-1, 22):
        with pytest.raises(InvalidInput, match="max_age"):
            async with accounts.transactions.begin() as tx:
                await accounts.service.change(tx, BY_HAND, kim.id, AccountChange(max_age=age))
    ours = await accounts.viewer((await accounts.log_in("Ada")).access_token)
    assert (ada.max_age, ours.max_age) == (6, None)  # whoever may change the limit has none


async def test_what_was_done_stands_in_the_book_without_a_secret(accounts):
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    bob = await accounts.make("Bob")
    async with accounts.transactions.begin() as tx:
        await accounts.service.set_password(tx, BY_HAND, bob.id, Hashed("another hash"))
        await accounts.service.delete(tx, BY_HAND, bob.id)
        book = await events(tx, before=None, limit=10)
    assert [(event.action, event.subject) for event in book] == [
        ("account.deleted", "Bob"),
        ("account.password_set", "Bob"),
        ("account.created", "Bob"),
        ("account.created", ada.name),
    ]
    assert {event.actor for event in book} == {"local administrator"}
    assert "hash" not in str([event.details for event in book])
    with pytest.raises(AccountNotFound):
        async with accounts.transactions.begin() as tx:
            await accounts.service.get(tx, bob.id)
