"""Secrets at rest: what a thief of the database must not read.

    sealed = await vault.seal(tx, "s3cret", place=Place.of(Token.secret, token.id))
    plain = vault.open(token.secret, place=Place.of(Token.secret, token.id))

The key is in a file or in the configuration, never in the database. Which of several keys seals is the database's to
say, so that all nodes change over at one moment; which keys a node has is the node's.
"""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings
from app.config.sealing_keys import sealing_keys
from app.db.tx import Transactions, Tx
from app.vault.errors import KeyMissing, SecretUnreadable, WrongSecretsKey
from app.vault.key_file import KeyFile
from app.vault.keyring import Key, Keyring
from app.vault.models import SecretsKey
from app.vault.place import Place

CHECK = b"revenge"


class Vault:
    def __init__(self, settings: Settings, transactions: Transactions) -> None:
        configured, file = settings.secrets.key, settings.secrets.key_file
        self._configured = None if configured is None else configured.get_secret_value()
        self._transactions = transactions
        self._keyring: Keyring | None = None
        self.file = KeyFile(file or settings.data_dir / "secrets.key")

    @property
    def is_configured(self) -> bool:
        """Whether the keys come from the configuration, which we do not write."""
        return self._configured is not None

    @property
    def keyring(self) -> Keyring:
        """The keys of this node. The file is made if there is none.

        Raises:
            KeyFileUnusable: for a reason told.
        """
        if self._keyring is None:
            self.read_keys()
        assert self._keyring is not None  # noqa: S101
        return self._keyring

    def read_keys(self) -> None:
        """Read the keys anew: a rotation may have added one."""
        if self._configured is None:
            self.use(self.file.read_or_make())
        else:
            self.use([Key(secret) for secret in sealing_keys(self._configured)])

    def use(self, keys: list[Key]) -> None:
        self._keyring = Keyring(keys)

    async def start(self) -> None:
        """Prove that the keys of this node are the database's.

        Raises:
            KeyFileUnusable: for a reason told.
            WrongSecretsKey: they are not. A database that nothing was sealed in takes any.
        """
        self.read_keys()
        async with self._transactions.begin() as tx:
            current = await tx.session.scalar(select(SecretsKey).where(SecretsKey.is_current))
        if current is not None:
            self.check(current)

    def check(self, current: SecretsKey) -> None:
        """Raises: WrongSecretsKey."""
        try:
            self.keyring.open(current.check_value, _check_place(current.id))
        except (KeyMissing, SecretUnreadable):
            raise WrongSecretsKey(current.id, [key.id for key in self.keyring]) from None

    async def seal(self, tx: Tx, plain: str | bytes, *, place: Place) -> str:
        """Seal a secret that is to be kept at this place, in this transaction.

        Raises:
            KeyMissing: the database's key is not on this node.
        """
        key_id = await self._current(tx.session)
        self._look_for(key_id)
        return self.keyring.seal(plain.encode() if isinstance(plain, str) else plain, place, key_id)

    def open(self, sealed: str, *, place: Place) -> str:
        """Return the text that was sealed at this place.

        Raises:
            KeyMissing: its key is not on this node.
            SecretUnreadable: it was changed, or sealed somewhere else.
        """
        try:
            return self.open_bytes(sealed, place=place).decode()
        except UnicodeDecodeError:
            raise SecretUnreadable(place) from None

    def open_bytes(self, sealed: str, *, place: Place) -> bytes:
        """Like `open`, for what is no text."""
        try:
            return self.keyring.open(sealed, place)
        except KeyMissing:
            self.read_keys()
            return self.keyring.open(sealed, place)

    def _look_for(self, key_id: str) -> None:
        if key_id not in self.keyring:
            self.read_keys()

    async def _current(self, session: AsyncSession) -> str:
        """Return the key that seals now, and hold on to it: a rotation waits for this transaction."""
        wanted = select(SecretsKey.id).where(SecretsKey.is_current).with_for_update(read=True)
        while (found := await session.scalar(wanted)) is None:
            await session.execute(insert(SecretsKey).values(**self.entry(self.keyring.first)).on_conflict_do_nothing())
        return found

    def entry(self, key: Key) -> dict[str, object]:
        """Return the row of a key that becomes the current one."""
        return {
            "id": key.id,
            "check_value": self.keyring.seal(CHECK, _check_place(key.id), key.id),
            "is_current": True,
        }


def _check_place(key_id: str) -> Place:
    return Place("secrets_key", "check_value", (key_id,))
