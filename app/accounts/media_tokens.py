"""Tokens that stand in URLs, for players that can send no header: one file, one viewer, a few hours, nothing else."""

from datetime import datetime, timedelta
from uuid import UUID

from psycopg import sql
from sqlalchemy import delete

from app.accounts.errors import InvalidToken
from app.accounts.models import MediaToken
from app.accounts.seeing import ACCOUNT, OPENED, WATCHING, viewer_of
from app.accounts.tokens import TokenKind, digest, make_token
from app.accounts.viewer import Viewer
from app.clock import Clock
from app.db.prepared import Prepared
from app.db.tx import Connected, Tx

LASTS = timedelta(hours=12)
"""A long film with a long pause."""

_OF_TOKEN = Prepared.of(
    sql.SQL("""
    SELECT {account}, media_token.login_id, media_token.api_key_id
    FROM media_token JOIN account ON account.id = media_token.account_id
        LEFT JOIN login ON login.id = media_token.login_id
        LEFT JOIN api_key ON api_key.id = media_token.api_key_id
    WHERE media_token.digest = %(digest)s AND media_token.file_id = %(file_id)s AND media_token.expires_at > %(now)s
        AND {opened}
""").format(account=ACCOUNT, opened=OPENED)
)


class MediaTokenService:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def create(self, tx: Tx, viewer: Viewer, file_id: UUID) -> tuple[str, datetime]:
        """Make one for a file that this viewer may see, which the caller has asked the catalogue about.

        Raises:
            InvalidToken: the local administrator needs none, and has no account that it could stand for.
        """
        if viewer.account_id is None:
            raise InvalidToken
        token, expires_at = make_token(TokenKind.MEDIA), self._clock.now() + LASTS
        tx.session.add(
            MediaToken(
                digest=digest(token),
                account_id=viewer.account_id,
                login_id=viewer.login_id,
                api_key_id=viewer.api_key_id,
                file_id=file_id,
                expires_at=expires_at,
            )
        )
        await tx.session.flush()
        return token, expires_at

    async def viewer(self, asked: Connected, token: str, file_id: UUID) -> Viewer:
        """Return who may fetch this file with this token.

        Raises:
            InvalidToken: unknown, expired, of another file, or the login or key that it was made with has ended.
        """
        values = {"digest": digest(token), "file_id": file_id, "now": self._clock.now()}
        found = await _OF_TOKEN.fetch(asked.connection, values)
        if not found:
            raise InvalidToken
        (row,) = found
        return viewer_of(row, login_id=row["login_id"], api_key_id=row["api_key_id"], scopes=WATCHING)

    async def forget(self, tx: Tx) -> int:
        """Delete those that have run out; return how many."""
        gone = await tx.session.scalars(
            delete(MediaToken).where(MediaToken.expires_at < self._clock.now()).returning(MediaToken.digest)
        )
        return len(gone.all())
