"""The file with the keys: made on the first start, for us alone, whole or not at all.

One key a line, the newest first; lines that begin with # are for people.
"""

import base64
import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import structlog

from app.config.sealing_keys import KEY_BYTES, sealing_keys
from app.vault.errors import KeyFileUnusable
from app.vault.keyring import Key

log = structlog.get_logger("vault")

HEAD = """\
# What Revenge seals secrets with; the first key seals, the others open what was sealed before.
# Without this file those secrets are lost. Keep a copy, but not beside copies of the database.
"""


class KeyFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def read_or_make(self) -> list[Key]:
        """Return the keys. Of any number of starters that find no file, one makes it and all read that one.

        Raises:
            KeyFileUnusable: for a reason told.
        """
        with self._explained():
            if not self.path.exists():
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with self._written([new_key()]) as unnamed, contextlib.suppress(FileExistsError):
                    os.link(unnamed, self.path)  # fails where there is one by now; renaming would overwrite it
                    log.info("a key for secrets was made; keep a copy of it", path=str(self.path))
                self._keep_name()
            return self._read()

    def add(self, after: str) -> list[Key]:
        """Put a new key in front, unless somebody else has done so since `after` was the first.

        Raises:
            KeyFileUnusable: for a reason told; nothing has changed.
        """
        with self._explained(), self._alone():
            keys = self._read()
            if keys[0].id == after:
                keys.insert(0, new_key())
                with self._written(keys) as unnamed:
                    unnamed.replace(self.path)
                self._keep_name()
            return keys

    def _read(self) -> list[Key]:
        with self.path.open("r", encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                log.warning("others on this machine may read the key for secrets", path=str(self.path))
            lines = [line for line in file if not line.lstrip().startswith("#")]
        try:
            return [Key(secret) for secret in sealing_keys("".join(lines))]
        except ValueError as err:
            raise KeyFileUnusable(self.path, f"it {err}") from None

    @contextlib.contextmanager
    def _written(self, keys: list[Key]) -> Iterator[Path]:
        """Write a file beside it, on the disk for certain, for the caller to give it its name."""
        handle, name = tempfile.mkstemp(prefix=f"{self.path.name}.", dir=self.path.parent)  # for us alone
        unnamed = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(HEAD + "".join(f"{base64.b64encode(key.secret).decode()}\n" for key in keys))
                file.flush()
                os.fsync(file.fileno())
            yield unnamed
        finally:
            unnamed.unlink(missing_ok=True)

    def _keep_name(self) -> None:
        with self._directory() as directory:
            os.fsync(directory)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one who changes the file. The lock is on its directory: the file itself is replaced."""
        with self._directory() as directory:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _directory(self) -> Iterator[int]:
        directory = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield directory
        finally:
            os.close(directory)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError:
            raise KeyFileUnusable(self.path, "it is not text") from None
        except OSError as err:
            raise KeyFileUnusable(self.path, err.strerror or "it cannot be read") from err


def new_key() -> Key:
    return Key(os.urandom(KEY_BYTES))
