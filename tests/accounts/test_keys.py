"""API keys and the tokens that stand in URLs: never worth more than whom they belong to."""

from datetime import timedelta

import pytest

from app.accounts.errors import ApiKeyNotFound, InvalidToken
from app.accounts.roles import Role, Scope
from app.accounts.service import AccountChange
from app.errors import InvalidInput
from tests.fixtures.accounts import BY_HAND, HOME


@pytest.fixture
async def ada(accounts):
    return await accounts.make("Ada", Role.ADMINISTRATOR)


async def viewer_of(accounts, key):
    async with accounts.transactions.begin() as tx:
        return await accounts.keys.viewer(tx, key)


async def test_a_key_can_do_what_its_scopes_say(accounts, ada):
    async with accounts.transactions.begin() as tx:
        made, key = await accounts.keys.create(tx, BY_HAND, ada.id, name="sonarr", scopes=[Scope.SCAN])
    viewer = await viewer_of(accounts, key)
    assert (viewer.account_id, viewer.scopes, viewer.login_id) == (ada.id, frozenset({Scope.SCAN}), None)
    assert [viewer.may(scope) for scope in Scope] == [False, False, True, False]
    assert (made.hint, key[:8]) == (key[:8], made.hint)
    async with accounts.transactions.begin() as tx:
        (shown,) = await accounts.keys.list_of(tx, ada.id)
        assert shown.used_at == accounts.clock.now()
        await accounts.keys.delete(tx, BY_HAND, ada.id, made.id)
    with pytest.raises(InvalidToken):
        await viewer_of(accounts, key)


async def test_the_scope_admin_means_whatever_the_account_may(accounts, ada):
    async with accounts.transactions.begin() as tx:
        _, key = await accounts.keys.create(tx, BY_HAND, ada.id, name="all", scopes=[Scope.ADMIN])
    viewer = await viewer_of(accounts, key)
    assert all(viewer.may(scope) for scope in Scope)


async def test_a_key_ends_with_its_day_and_with_its_account(accounts, ada):
    bob = await accounts.make("Bob")
    tomorrow = accounts.clock.now() + timedelta(days=1)
    async with accounts.transactions.begin() as tx:
        _, short = await accounts.keys.create(
            tx, BY_HAND, bob.id, name="short", scopes=[Scope.READ], expires_at=tomorrow
        )
        _, long = await accounts.keys.create(tx, BY_HAND, bob.id, name="long", scopes=[Scope.READ])
    accounts.wait(days=1)
    with pytest.raises(InvalidToken):
        await viewer_of(accounts, short)
    assert (await viewer_of(accounts, long)).account_id == bob.id
    async with accounts.transactions.begin() as tx:
        await accounts.service.change(tx, BY_HAND, bob.id, AccountChange(disabled=True))
    with pytest.raises(InvalidToken):
        await viewer_of(accounts, long)


async def test_keys_that_make_no_sense_are_refused(accounts, ada):
    for wrong, field in (
        ({"name": " ", "scopes": [Scope.READ]}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": [Scope.READ], "expires_at": accounts.clock.now()}, "expires_at"),
    ):
        with pytest.raises(InvalidInput) as refused:
            async with accounts.transactions.begin() as tx:
                await accounts.keys.create(tx, BY_HAND, ada.id, **wrong)
        assert refused.value.field == field


async def test_nobody_deletes_another_ones_key(accounts, ada):
    bob = await accounts.make("Bob")
    async with accounts.transactions.begin() as tx:
        made, key = await accounts.keys.create(tx, BY_HAND, ada.id, name="sonarr", scopes=[Scope.SCAN])
    with pytest.raises(ApiKeyNotFound):
        async with accounts.transactions.begin() as tx:
            await accounts.keys.delete(tx, BY_HAND, bob.id, made.id)
    assert (await viewer_of(accounts, key)).account_id == ada.id


# -- tokens in URLs


@pytest.fixture
async def files(shelf, tmp_path):
    library = await shelf.library(tmp_path)
    return [await shelf.file(library, name) for name in ("a.mkv", "b.mkv")]


async def test_a_media_token_opens_one_file_for_twelve_hours(accounts, ada, files):
    viewer = await accounts.viewer((await accounts.log_in("Ada")).access_token)
    async with accounts.transactions.begin() as tx:
        token, expires_at = await accounts.media.create(tx, viewer, files[0])
        seen = await accounts.media.viewer(tx, token, files[0])
        assert (seen.account_id, seen.may(Scope.STREAM), seen.may(Scope.ADMIN)) == (ada.id, True, False)
        assert expires_at == accounts.clock.now() + timedelta(hours=12)
        with pytest.raises(InvalidToken):
            await accounts.media.viewer(tx, token, files[1])
        accounts.wait(hours=12)
        with pytest.raises(InvalidToken):
            await accounts.media.viewer(tx, token, files[0])
        assert await accounts.media.forget(tx) == 0
        accounts.wait(seconds=1)
        assert await accounts.media.forget(tx) == 1


async def test_a_media_token_ends_with_the_login_that_asked_for_it(accounts, ada, files):
    tokens = await accounts.log_in("Ada")
    viewer = await accounts.viewer(tokens.access_token)
    async with accounts.transactions.begin() as tx:
        token, _ = await accounts.media.create(tx, viewer, files[0])
        await accounts.logins.revoke(tx, BY_HAND, ada.id, tokens.login_id)
        with pytest.raises(InvalidToken):
            await accounts.media.viewer(tx, token, files[0])


async def test_a_media_token_ends_with_the_key_that_asked_for_it(accounts, ada, files):
    """However it ends: by its day, or by hand."""
    day = accounts.clock.now() + timedelta(hours=1)
    for expires_at in (day, None):
        async with accounts.transactions.begin() as tx:
            made, key = await accounts.keys.create(
                tx, BY_HAND, ada.id, name="player", scopes=[Scope.READ, Scope.STREAM], expires_at=expires_at
            )
            token, _ = await accounts.media.create(tx, await accounts.keys.viewer(tx, key), files[0])
            assert (await accounts.media.viewer(tx, token, files[0])).api_key_id == made.id
            if expires_at is not None:
                accounts.wait(hours=1)
            else:
                await accounts.keys.delete(tx, BY_HAND, ada.id, made.id)
            with pytest.raises(InvalidToken):
                await accounts.media.viewer(tx, token, files[0])


async def test_logins_long_ended_are_deleted_with_all_their_tokens(accounts, ada, files):
    tokens = await accounts.log_in("Ada")
    await accounts.logins.refresh(tokens.refresh_token, address=HOME)
    kept = await accounts.log_in("Ada")
    async with accounts.transactions.begin() as tx:
        await accounts.logins.revoke(tx, BY_HAND, ada.id, tokens.login_id)
        assert await accounts.logins.forget(tx) == 0
    accounts.wait(days=1, seconds=1)
    async with accounts.transactions.begin() as tx:
        assert await accounts.logins.forget(tx) == 1
        assert [login.id for login in await accounts.logins.list_of(tx, ada.id)] == [kept.login_id]
