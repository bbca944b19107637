"""The vault on a database: who may start, what rotation does, and what happens between any two of its steps."""

import asyncio
import base64
import os

import pytest
from pydantic import SecretStr
from sqlalchemy import ForeignKey, MetaData, Text, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.config import SecretsSettings, Settings
from app.db.tx import Transactions
from app.vault import rotation
from app.vault.errors import KeyIsConfigured, KeyMissing, SecretUnreadable, WrongSecretsKey
from app.vault.models import SecretsKey
from app.vault.place import Place, Sealed
from app.vault.rotation import Rotation
from app.vault.vault import Vault


class Base(DeclarativeBase):
    metadata = MetaData()


class Token(Base):
    __tablename__ = "kept_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str | None] = mapped_column(Sealed)
    plain: Mapped[str | None] = mapped_column(Text)


class Pin(Base):
    __tablename__ = "kept_pin"

    owner: Mapped[int] = mapped_column(ForeignKey("kept_token.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    secret: Mapped[str] = mapped_column(Sealed)


class Node:
    """A node with a data directory, or with its key in the configuration."""

    def __init__(self, transactions: Transactions, data_dir, key: str | None = None) -> None:
        secrets = SecretsSettings(key=None if key is None else SecretStr(key))
        self.transactions = transactions
        self.vault = Vault(Settings(data_dir=data_dir, secrets=secrets), transactions)
        self.rotation = Rotation(self.vault, transactions, Base.metadata)

    async def keep(self, token_id: int, plain: str) -> None:
        async with self.transactions.begin() as tx:
            sealed = await self.vault.seal(tx, plain, place=Place.of(Token.secret, token_id))
            tx.session.add(Token(id=token_id, secret=sealed))

    async def keep_pin(self, owner: int, name: str, plain: bytes) -> None:
        async with self.transactions.begin() as tx:
            sealed = await self.vault.seal(tx, plain, place=Place.of(Pin.secret, owner, name))
            tx.session.add(Pin(owner=owner, name=name, secret=sealed))

    async def look(self, token_id: int) -> str:
        async with self.transactions.begin() as tx:
            sealed = await tx.session.scalar(select(Token.secret).where(Token.id == token_id))
        return self.vault.open(sealed, place=Place.of(Token.secret, token_id))

    async def sealed(self) -> list[str]:
        async with self.transactions.begin() as tx:
            return list(await tx.session.scalars(select(Token.secret).where(Token.secret.is_not(None))))

    async def keys_in_use(self) -> set[str]:
        return {sealed.split(".")[1] for sealed in await self.sealed()}


@pytest.fixture
async def tables(transactions):
    async with transactions.begin() as tx:
        await (await tx.session.connection()).run_sync(Base.metadata.create_all)


@pytest.fixture
def node(transactions, tables, tmp_path):
    return Node(transactions, tmp_path / "one")


def key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


async def test_a_secret_is_kept_and_found_and_the_database_does_not_tell_it(node):
    await node.vault.start()
    await node.keep(1, "s3cret")
    await node.keep_pin(1, "Zürich", b"\0\xff")

    (sealed,) = await node.sealed()
    assert await node.look(1) == "s3cret"
    assert "s3cret" not in sealed
    async with node.transactions.begin() as tx:
        pin = await tx.session.scalar(select(Pin.secret))
    assert node.vault.open_bytes(pin, place=Place.of(Pin.secret, 1, "Zürich")) == b"\0\xff"
    with pytest.raises(SecretUnreadable):
        node.vault.open(pin, place=Place.of(Pin.secret, 1, "Zürich"))
    with pytest.raises(SecretUnreadable, match=r"kept_token\.secret of 2"):
        node.vault.open(sealed, place=Place.of(Token.secret, 2))


def test_a_column_that_rotation_would_not_find_cannot_be_named():
    with pytest.raises(TypeError, match="not marked as sealed"):
        Place.of(Token.plain, 1)


async def test_a_node_with_another_key_does_not_start_and_is_told_what_to_do(node, transactions, tmp_path):
    stranger = Node(transactions, tmp_path / "two")
    await stranger.vault.start()  # nothing is sealed yet: any key will do
    await node.keep(1, "s3cret")

    with pytest.raises(WrongSecretsKey) as told:
        await stranger.vault.start()
    assert node.vault.keyring.first.id in str(told.value)
    assert stranger.vault.keyring.first.id in str(told.value)
    with pytest.raises(KeyMissing):
        await stranger.look(1)
    with pytest.raises(KeyMissing):
        await stranger.keep(2, "other")

    (tmp_path / "two" / "secrets.key").write_bytes((tmp_path / "one" / "secrets.key").read_bytes())
    await stranger.vault.start()
    assert await stranger.look(1) == "s3cret"


async def test_an_id_is_not_enough_to_have_the_key(node):
    await node.keep(1, "s3cret")
    async with node.transactions.begin() as tx:
        (row,) = (await tx.session.scalars(select(SecretsKey))).all()
        row.check_value = row.check_value[:-4] + "AAAA"
    with pytest.raises(WrongSecretsKey):
        await node.vault.start()


async def test_first_secrets_at_once_are_sealed_with_one_key(transactions, tables, tmp_path):
    nodes = [Node(transactions, tmp_path / "shared") for _ in range(4)]
    await asyncio.gather(*(one.keep(number, f"secret {number}") for number, one in enumerate(nodes)))
    assert [await nodes[0].look(number) for number in range(4)] == [f"secret {number}" for number in range(4)]
    assert len(await nodes[0].keys_in_use()) == 1


async def test_rotation_seals_everything_anew(node, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 3)
    for number in range(7):
        await node.keep(number, f"secret {number}")
        await node.keep_pin(number, "a", b"1")
        await node.keep_pin(number, "b", b"2")
    old, before = node.vault.keyring.first.id, await node.sealed()

    done = await node.rotation.rotate()

    assert (done.resumed, done.resealed, done.unreadable) == (False, 21, ())
    assert done.key_id != old
    assert await node.keys_in_use() == {done.key_id}
    assert set(before).isdisjoint(await node.sealed())
    assert [await node.look(number) for number in range(7)] == [f"secret {number}" for number in range(7)]
    await node.keep(8, "later")
    assert await node.keys_in_use() == {done.key_id}
    assert [(one.id, one.is_current, one.is_here, one.secrets) for one in await node.rotation.keys()] == [
        (done.key_id, True, True, 22),
        (old, False, True, 0),
    ]


async def test_another_process_hears_of_the_new_key_by_itself(node, transactions, tmp_path):
    other = Node(transactions, tmp_path / "one")
    await other.vault.start()
    await node.keep(1, "s3cret")
    await node.rotation.rotate()

    assert await other.look(1) == "s3cret"
    await other.keep(2, "later")
    assert len(await node.keys_in_use()) == 1


@pytest.mark.parametrize("step", ["before the database knows", "after two batches"])
async def test_a_rotation_that_was_killed_is_finished_by_the_next(node, monkeypatch, step):
    monkeypatch.setattr(rotation, "BATCH", 2)
    for number in range(7):
        await node.keep(number, f"secret {number}")
    batch, calls = Rotation._batch, []

    async def killed(*words, **named):
        if step == "before the database knows" or len(calls) == 2:
            raise KeyboardInterrupt
        found = await batch(*words, **named)
        calls.extend([found] if found else [])
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Rotation, "_make_current" if step == "before the database knows" else "_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            await node.rotation.rotate()
    assert [await node.look(number) for number in range(7)] == [f"secret {number}" for number in range(7)]
    made = node.vault.file.read_or_make()[0].id

    done = await node.rotation.rotate()

    assert (done.key_id, len(node.vault.file.read_or_make())) == (made, 2)
    assert (done.resumed, done.resealed) == ((True, 3) if calls else (False, 7))
    assert await node.keys_in_use() == {made}


async def test_two_rotations_at_once_make_one_new_key(node, transactions, tmp_path, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 2)
    for number in range(9):
        await node.keep(number, f"secret {number}")
    other = Node(transactions, tmp_path / "one")

    done = await asyncio.gather(node.rotation.rotate(), other.rotation.rotate())

    assert len({one.key_id for one in done}) == 1
    assert sum(one.resealed for one in done) == 9
    assert await node.keys_in_use() == {done[0].key_id}
    assert len(node.vault.file.read_or_make()) == 2
    assert [await node.look(number) for number in range(9)] == [f"secret {number}" for number in range(9)]


async def test_rotation_waits_for_who_is_sealing_so_that_nothing_slips_by(node):
    await node.keep(1, "s3cret")
    async with node.transactions.begin() as tx:
        sealed = await node.vault.seal(tx, "slow", place=Place.of(Token.secret, 2))
        turning = asyncio.create_task(node.rotation.rotate())
        async with node.transactions.begin() as look:
            while not (
                await look.connection.execute("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            ).rowcount:
                await look.connection.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)")
        tx.session.add(Token(id=2, secret=sealed))
    done = await turning
    assert done.resealed == 2
    assert await node.keys_in_use() == {done.key_id}


async def test_what_no_key_opens_is_named_and_left_alone(node):
    await node.keep(1, "s3cret")
    await node.keep(2, "moved")
    async with node.transactions.begin() as tx:
        tx.session.add(Token(id=3, secret=await tx.session.scalar(select(Token.secret).where(Token.id == 2))))
        tx.session.add(Token(id=4, secret="typed by hand"))
        tx.session.add(Token(id=5, secret=None))

    done = await node.rotation.rotate()

    assert (done.resealed, [str(place) for place in done.unreadable]) == (
        2,
        ["kept_token.secret of 3", "kept_token.secret of 4"],
    )
    assert "typed by hand" in await node.sealed()


async def test_nodes_with_keys_of_their_own_rotate_after_the_key_was_brought_to_them(node, transactions, tmp_path):
    other = Node(transactions, tmp_path / "two")
    other.vault.file.path.parent.mkdir()
    await node.keep(1, "s3cret")
    prepared = node.rotation.prepare()
    await node.keep(2, "still the old key")
    other.vault.file.path.write_bytes(node.vault.file.path.read_bytes())
    await other.vault.start()

    done = await other.rotation.rotate()

    assert (done.key_id, done.resealed) == (prepared, 2)
    assert (await node.look(1), await node.look(2)) == ("s3cret", "still the old key")


async def test_keys_in_the_configuration_are_changed_there(transactions, tables, tmp_path):
    old, new = key(), key()
    node = Node(transactions, tmp_path, old)
    await node.keep(1, "s3cret")
    with pytest.raises(KeyIsConfigured):
        await node.rotation.rotate()
    with pytest.raises(KeyIsConfigured):
        node.rotation.prepare()

    both = Node(transactions, tmp_path, f"{new}, {old}")
    await both.vault.start()
    await both.keep(2, "s3cret")
    assert len(await both.keys_in_use()) == 1
    done = await both.rotation.rotate()

    assert (done.key_id, done.resealed) == (both.vault.keyring.first.id, 2)
    alone = Node(transactions, tmp_path, new)
    await alone.vault.start()
    assert await alone.look(1) == "s3cret"
    with pytest.raises(WrongSecretsKey):
        await node.vault.start()
    assert list(tmp_path.iterdir()) == []


async def test_a_lost_key_costs_the_secrets_and_nothing_else(node, transactions, tmp_path):
    await node.keep(1, "s3cret")
    await node.keep_pin(1, "a", b"1")
    other = Node(transactions, tmp_path / "two")

    async with transactions.begin() as tx:
        assert await other.rotation.reset(tx) == 2

    await other.vault.start()
    await other.keep(2, "new")
    async with transactions.begin() as tx:
        assert list(await tx.session.scalars(select(Token.id).order_by(Token.id))) == [1, 2]
        assert (await tx.session.scalars(select(Pin))).all() == []
    assert await other.look(2) == "new"
