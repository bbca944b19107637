"""Logins: two tokens for one device, which end together when one was copied; and how often one may guess."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from app.accounts.audit import events
from app.accounts.errors import InvalidToken, LoginNotFound, TooManyAttempts, WrongCredentials
from app.accounts.limits import AttemptLimiter, limits_of, network_of
from app.accounts.models import AttemptLimit
from app.accounts.proof import Method, Proven
from app.accounts.roles import Role
from app.accounts.service import AccountChange
from app.accounts.tokens import TOKEN
from app.ids import uuid7
from tests.fixtures.accounts import BY_HAND, HOME, PASSWORD

ELSEWHERE = "198.51.100.9"
HOUR = timedelta(hours=1)


@pytest.fixture
async def ada(accounts):
    return await accounts.make("Ada", Role.ADMINISTRATOR)


async def test_an_access_token_speaks_for_its_account_for_an_hour(accounts, ada):
    tokens = await accounts.log_in("ada")

    viewer = await accounts.viewer(tokens.access_token)
    assert (viewer.name, viewer.account_id, viewer.login_id) == ("Ada", ada.id, tokens.login_id)
    assert viewer.is_administrator
    accounts.wait(hours=1)
    with pytest.raises(InvalidToken):
        await accounts.viewer(tokens.access_token)


async def test_what_is_taken_away_is_gone_at_the_next_request(accounts, ada, shelf):
    films = await shelf.library()
    bob = await accounts.make("Bob", libraries=[films])
    tokens = await accounts.log_in("Bob")
    assert (await accounts.viewer(tokens.access_token)).libraries == frozenset({films})

    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(libraries=[]))
    assert (await accounts.viewer(tokens.access_token)).libraries == frozenset()
    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(disabled=True))
    with pytest.raises(InvalidToken):
        await accounts.viewer(tokens.access_token)
    with pytest.raises(InvalidToken):
        await accounts.logins.refresh(tokens.refresh_token, address=HOME)
    with pytest.raises(WrongCredentials):
        await accounts.log_in("Bob")


async def test_a_refresh_makes_a_new_pair_and_spoils_the_old(accounts, ada):
    first = await accounts.log_in("Ada")
    second = await accounts.logins.refresh(first.refresh_token, address=ELSEWHERE)

    assert second.login_id == first.login_id
    assert (await accounts.viewer(second.access_token)).account_id == ada.id
    with pytest.raises(InvalidToken):
        await accounts.viewer(first.access_token)
    async with accounts.transactions.begin() as tx:
        (login,) = await accounts.logins.list_of(tx, ada.id)
    assert (login.device, login.address) == ("telly", ELSEWHERE)


async def test_a_refresh_token_that_comes_again_ends_its_login_for_both(accounts, ada):
    stolen = await accounts.log_in("Ada")
    other = await accounts.log_in("Ada")
    owner = await accounts.logins.refresh(stolen.refresh_token, address=HOME)
    with pytest.raises(InvalidToken):
        await accounts.logins.refresh(stolen.refresh_token, address=ELSEWHERE)

    for token in (owner.access_token, stolen.access_token):
        with pytest.raises(InvalidToken):
            await accounts.viewer(token)
    with pytest.raises(InvalidToken):
        await accounts.logins.refresh(owner.refresh_token, address=HOME)
    assert (await accounts.viewer(other.access_token)).account_id == ada.id


async def test_of_two_who_refresh_at_once_nobody_keeps_the_login(accounts, ada):
    """One of them is a thief, and nobody can tell which."""
    tokens = await accounts.log_in("Ada")
    outcomes = await asyncio.gather(
        *(accounts.logins.refresh(tokens.refresh_token, address=HOME) for _ in range(2)), return_exceptions=True
    )
    (made,) = [outcome for outcome in outcomes if not isinstance(outcome, InvalidToken)]
    with pytest.raises(InvalidToken):
        await accounts.viewer(made.access_token)


async def test_a_login_that_nobody_refreshes_ends_after_sixty_days(accounts, ada):
    tokens = await accounts.log_in("Ada")
    accounts.wait(days=59)
    tokens = await accounts.logins.refresh(tokens.refresh_token, address=HOME)
    accounts.wait(days=60)
    with pytest.raises(InvalidToken):
        await accounts.logins.refresh(tokens.refresh_token, address=HOME)


@pytest.mark.parametrize("token", ["", "rva_x", "rvr_" + "A" * 43, "rvk_" + "A" * 43, "x" * 10_000, "rvr_\0"])
async def test_whatever_is_no_token_of_ours_is_refused_alike(accounts, token):
    with pytest.raises(InvalidToken):
        await accounts.logins.refresh(token, address=HOME)
    with pytest.raises(InvalidToken):
        await accounts.viewer(token)


async def test_one_device_is_logged_out_by_its_owner_and_by_nobody_else(accounts, ada):
    bob = await accounts.make("Bob")
    tokens, kept = await accounts.log_in("Ada"), await accounts.log_in("Ada")
    with pytest.raises(LoginNotFound):
        async with accounts.transactions.begin() as tx:
            await accounts.logins.revoke(tx, BY_HAND, bob.id, tokens.login_id)
    async with accounts.transactions.begin() as tx:
        await accounts.logins.revoke(tx, BY_HAND, ada.id, tokens.login_id)
    with pytest.raises(InvalidToken):
        await accounts.viewer(tokens.access_token)
    assert (await accounts.viewer(kept.access_token)).account_id == ada.id


async def test_a_new_password_ends_every_other_login(accounts, ada):
    tokens = await accounts.log_in("Ada")
    password = await accounts.passwords.hash("another password")
    async with accounts.transactions.begin() as tx:
        await accounts.service.set_password(tx, BY_HAND, ada.id, password)
    with pytest.raises(InvalidToken):
        await accounts.viewer(tokens.access_token)
    with pytest.raises(WrongCredentials):
        await accounts.log_in("Ada")
    await accounts.log_in("Ada", "another password")


async def test_the_same_password_typed_on_two_keyboards_is_one(accounts, ada):
    password = await accounts.passwords.hash("cafe\u0301 au lait")
    async with accounts.transactions.begin() as tx:
        await accounts.service.set_password(tx, BY_HAND, ada.id, password)
    await accounts.log_in("Ada", "café\u00a0au lait")


async def test_the_database_holds_no_token_and_no_password(accounts, ada, database_url):
    tokens = await accounts.log_in("Ada")
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        kept = ""
        for table in ("account", "login", "refresh_token", "audit_event", "attempt_limit"):
            cursor = await connection.execute(f"SELECT string_agg({table}::text, ' ') FROM {table}")
            kept += str(await cursor.fetchone())
    assert TOKEN.search(kept) is None
    assert PASSWORD not in kept
    assert tokens.access_token[4:] not in kept


# -- guessing


async def test_the_sixth_guess_has_to_wait_and_waiting_helps(accounts, ada):
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            await accounts.log_in("Ada", "guess")
    with pytest.raises(WrongCredentials):
        await accounts.log_in("Ada", "guess")
    with pytest.raises(TooManyAttempts) as refused:
        await accounts.log_in("Ada")
    assert refused.value.retry_after == 2
    accounts.wait(seconds=2)
    await accounts.log_in("Ada")
    await accounts.log_in("Ada")


async def test_guesses_sent_at_once_are_counted_before_they_are_checked(accounts, ada):
    outcomes = await asyncio.gather(*(accounts.log_in("Ada", "guess") for _ in range(20)), return_exceptions=True)
    kinds = [type(outcome) for outcome in outcomes]
    assert (kinds.count(WrongCredentials), kinds.count(TooManyAttempts)) == (6, 14)


async def test_a_guess_that_found_nothing_to_wait_for_is_refused_with_the_others(accounts, ada, transactions, factory):
    """Before the first is counted there is no row to lock: it may look, and be counted after what blocks it."""
    pair, *_ = limits_of("Ada", HOME)
    now = accounts.clock.now()
    async with transactions.begin() as tx:
        tx.session.add(
            AttemptLimit(key=pair.key, failures=6, expires_at=now + HOUR, blocked_until=now + timedelta(seconds=2))
        )
        await tx.session.flush()
        guessing = asyncio.create_task(accounts.log_in("Ada", "guess"))
        await factory.until_somebody_waits()
    with pytest.raises(TooManyAttempts):
        await guessing
    async with transactions.begin() as tx:
        assert dict((await tx.session.execute(select(AttemptLimit.key, AttemptLimit.failures))).all()) == {pair.key: 6}


async def test_who_guesses_elsewhere_does_not_lock_the_owner_out(accounts, ada):
    for _ in range(6):
        with pytest.raises(WrongCredentials):
            await accounts.log_in("Ada", "guess", ELSEWHERE)
    with pytest.raises(TooManyAttempts):
        await accounts.log_in("Ada", PASSWORD, ELSEWHERE)
    await accounts.log_in("Ada", PASSWORD, HOME)


async def test_one_address_that_tries_many_names_is_stopped(accounts, ada):
    for number in range(31):
        with pytest.raises(WrongCredentials):
            await accounts.log_in(f"name {number}", "guess", ELSEWHERE)
    with pytest.raises(TooManyAttempts):
        await accounts.log_in("Ada", PASSWORD, ELSEWHERE)


async def test_another_node_counts_on(accounts, ada, transactions):
    for _ in range(6):
        with pytest.raises(WrongCredentials):
            await accounts.log_in("Ada", "guess")
    with pytest.raises(TooManyAttempts):
        await AttemptLimiter(transactions, accounts.clock).count(limits_of("ada", HOME))


async def test_what_is_forgotten_after_an_hour_is_also_deleted(accounts, ada):
    for _ in range(6):
        with pytest.raises(WrongCredentials):
            await accounts.log_in("Ada", "guess")
    assert await accounts.limiter.forget() == 0
    accounts.wait(hours=1, seconds=1)
    assert await accounts.limiter.forget() == 3
    await accounts.log_in("Ada")


def test_an_ipv6_customer_is_one_address():
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("unix:" + "x" * 100) == "unix:" + "x" * 59


async def test_no_account_costs_the_same_work_as_a_wrong_password(accounts, ada, monkeypatch):
    """Counted in checks of a hash, not in seconds."""
    checked = []
    passwords = accounts.passwords
    monkeypatch.setattr(type(passwords._hash), "verify", lambda *_: checked.append("verify"), raising=True)
    monkeypatch.setattr(
        type(passwords._hash), "verify_and_update", lambda *_: checked.append("verify") or (False, None), raising=True
    )
    for name in ("Ada", "nobody"):
        with pytest.raises(WrongCredentials):
            await accounts.log_in(name, "guess")
    assert checked == ["verify", "verify"]


async def test_any_way_to_prove_who_one_is_ends_in_a_login_that_the_book_tells_of(accounts, ada):
    """What OpenID Connect, quick connect and a second factor will have to bring is an account and a word."""
    async with accounts.transactions.begin() as tx:
        tokens = await accounts.logins.begin(tx, Proven(ada.id, Method.FIRST_LINK), device="phone", address=HOME)
    assert (await accounts.viewer(tokens.access_token)).account_id == ada.id
    await accounts.log_in("Ada")
    async with accounts.transactions.begin() as tx:
        told = await events(tx, before=None, limit=2)
    assert [(one.action, one.subject, one.details["method"]) for one in told] == [
        ("login.created", "Ada", "password"),
        ("login.created", "Ada", "first_link"),
    ]


async def test_who_was_disabled_meanwhile_has_proven_it_in_vain(accounts, ada):
    bob = await accounts.make("Bob")
    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(disabled=True))
    for account_id in (bob.id, uuid7()):
        with pytest.raises(WrongCredentials):
            async with accounts.transactions.begin() as tx:
                await accounts.logins.begin(tx, Proven(account_id, Method.PASSWORD), device="", address=HOME)


async def test_a_password_that_was_replaced_while_it_was_checked_opens_nothing(accounts, ada, monkeypatch):
    """Setting one ends all logins of the old one; a check under way then must not begin another."""
    verify = accounts.passwords.verify

    async def meanwhile(password, stored):
        answer = await verify(password, stored)
        hashed = await accounts.passwords.hash("another password")
        async with accounts.transactions.begin() as tx:
            await accounts.service.set_password(tx, BY_HAND, ada.id, hashed)
        return answer

    monkeypatch.setattr(accounts.passwords, "verify", meanwhile)
    with pytest.raises(WrongCredentials):
        await accounts.log_in("Ada")
    monkeypatch.undo()
    await accounts.log_in("Ada", "another password")
