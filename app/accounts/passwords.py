"""Passwords, kept as argon2id (RFC 9106) and checked in threads: one check costs 64 MiB and a tenth of a second."""

import asyncio
import secrets
import unicodedata
from typing import NewType

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.errors import InvalidInput

SHORTEST = 8
LONGEST = 256
"""Characters. Hashing costs the same for any length, but whoever sends a megabyte makes us normalise it."""

AT_ONCE = 2
"""Checks that run together: a flood of logins waits here instead of taking all memory."""


Hashed = NewType("Hashed", str)
"""What may be stored; a type of its own, so that no plain password is."""


class Passwords:
    """Every check takes the same time, whether or not there is such an account."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> Hashed:
        """Return what may be stored. Takes its time: call it with no transaction open.

        Raises:
            InvalidInput: too short or too long.
        """
        normalized = normalize(password)
        if not SHORTEST <= len(normalized) <= LONGEST:
            raise InvalidInput("password", f"must have {SHORTEST} to {LONGEST} characters")
        async with self._turns:
            return Hashed(await asyncio.to_thread(self._hash.hash, normalized))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Return whether it is the one, and a better hash to store when ours have grown stronger since.

        With nothing stored it checks against a hash of nobody's, so that the answer takes as long.
        """
        normalized = normalize(password[: LONGEST + 1])
        async with self._turns:
            if stored is None:
                if self._nobodys is None:
                    self._nobodys = await asyncio.to_thread(self._hash.hash, secrets.token_urlsafe())
                await asyncio.to_thread(self._hash.verify, normalized, self._nobodys)
                return False, None
            right, better = await asyncio.to_thread(self._hash.verify_and_update, normalized, stored)
            return right, better


def normalize(password: str) -> str:
    """Let the same password typed on two keyboards be the same bytes (RFC 8265, OpaqueString)."""
    return unicodedata.normalize("NFC", "".join(" " if unicodedata.category(c) == "Zs" else c for c in password))
