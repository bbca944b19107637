"""Tokens that stand in URLs, for players that can send no header: one file, one viewer, a few hours, nothing else."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import aliased

from app.accounts.errors import InvalidToken
from app.accounts.models import Account, Login, MediaToken
from app.accounts.roles import Scope
from app.accounts.seeing import libraries_seen, viewer_of
from app.accounts.tokens import TokenKind, digest, make_token
from app.accounts.viewer import Viewer
from app.clock import Clock
from app.db.tx import Tx

LASTS = timedelta(hours=12)
"""A long film with a long pause."""


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
                file_id=file_id,
                expires_at=expires_at,
            )
        )
        await tx.session.flush()
        return token, expires_at

    async def viewer(self, tx: Tx, token: str, file_id: UUID) -> Viewer:
        """Return who may fetch this file with this token.

        Raises:
            InvalidToken: unknown, expired, of another file, or its login has ended.
        """
        now, login = self._clock.now(), aliased(Login)
        query = (
            select(Account, libraries_seen().label("libraries"), MediaToken.login_id)
            .join(MediaToken, MediaToken.account_id == Account.id)
            .outerjoin(login, login.id == MediaToken.login_id)
            .where(
                MediaToken.digest == digest(token),
                MediaToken.file_id == file_id,
                MediaToken.expires_at > now,
                login.revoked_at.is_(None),
                Account.disabled_at.is_(None),
            )
        )
        row = (await tx.session.execute(query)).one_or_none()
        if row is None:
            raise InvalidToken
        return viewer_of(
            row.Account, row.libraries, login_id=row.login_id, scopes=frozenset({Scope.READ, Scope.STREAM})
        )

    async def forget(self, tx: Tx) -> int:
        """Delete those that have run out; return how many."""
        gone = await tx.session.scalars(
            delete(MediaToken).where(MediaToken.expires_at < self._clock.now()).returning(MediaToken.digest)
        )
        return len(gone.all())
