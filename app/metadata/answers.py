"""What sources have answered, kept for all nodes: nobody is asked twice for what somebody has just been told."""

import hashlib
import zlib
from dataclasses import dataclass

from app.db.tx import Transactions
from app.library.repository.rows import rows, run
from app.metadata.terms import Terms

FIND = """
    SELECT body, etag, last_modified, fresh_until > now() FROM metadata_answer
    WHERE key = %s AND expires_at > now()
"""

KEEP = """
    INSERT INTO metadata_answer
        (key, source, address, body, etag, last_modified, fetched_at, fresh_until, expires_at)
    VALUES (%s, %s, %s, %s, %s, %s, now(), now() + %s, now() + %s)
    ON CONFLICT (key) DO UPDATE SET body = excluded.body, etag = excluded.etag, last_modified = excluded.last_modified,
        fetched_at = excluded.fetched_at, fresh_until = excluded.fresh_until, expires_at = excluded.expires_at
"""

STILL_TRUE = """
    UPDATE metadata_answer SET fetched_at = now(), fresh_until = now() + %s, expires_at = now() + %s WHERE key = %s
"""

FORGET = """
    DELETE FROM metadata_answer WHERE key IN (SELECT key FROM metadata_answer WHERE expires_at <= now() LIMIT %s)
"""

FORGOTTEN_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    body: bytes
    etag: str | None
    last_modified: str | None
    is_fresh: bool

    @property
    def conditions(self) -> dict[str, str]:
        """Return the headers that ask whether it has changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value is not None}


class Answers:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def find(self, terms: Terms, address: str) -> Kept | None:
        async with self._transactions.begin() as tx:
            found = await rows(tx, FIND, _key(terms, address))
        if not found:
            return None
        body, etag, last_modified, is_fresh = found[0]
        return Kept(zlib.decompress(body), etag, last_modified, is_fresh)

    async def keep(self, terms: Terms, address: str, body: bytes, etag: str | None, last_modified: str | None) -> None:
        packed = zlib.compress(body, 6)
        async with self._transactions.begin() as tx:
            await run(
                tx, KEEP, _key(terms, address), terms.name, address, packed, etag, last_modified,
                terms.fresh_for, terms.kept_for,
            )  # fmt: skip

    async def still_true(self, terms: Terms, address: str) -> None:
        """The source says that it has not changed: that is as good as asking anew."""
        async with self._transactions.begin() as tx:
            await run(tx, STILL_TRUE, terms.fresh_for, terms.kept_for, _key(terms, address))

    async def forget(self) -> int:
        """Delete what may not be kept any longer; return how many."""
        total = 0
        while True:
            async with self._transactions.begin() as tx:
                gone = await run(tx, FORGET, FORGOTTEN_AT_ONCE)
            total += gone
            if gone < FORGOTTEN_AT_ONCE:
                return total


def _key(terms: Terms, address: str) -> bytes:
    return hashlib.sha256(f"{terms.name}\n{address}".encode()).digest()
