"""Tokens that stand in the addresses of one playback: for players that send no header, and for nothing else."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.accounts.errors import InvalidToken
from app.accounts.models import Account, Login
from app.accounts.roles import Scope
from app.accounts.seeing import libraries_seen, viewer_of
from app.accounts.tokens import digest
from app.accounts.viewer import Viewer
from app.db.tx import Tx
from app.playback.streaming.models import Playback


class PlaybackTokens:
    async def viewer(self, tx: Tx, token: str, playback_id: UUID) -> Viewer:
        """Return who watches. What they may see is asked anew each time, so what is taken away is gone at once.

        Raises:
            InvalidToken: of another playback, or it has ended, or its login has, or its account is disabled.
        """
        login = aliased(Login)
        query = (
            select(Account, libraries_seen().label("libraries"), Playback.login_id)
            .join(Playback, Playback.account_id == Account.id)
            .outerjoin(login, login.id == Playback.login_id)
            .where(
                Playback.id == playback_id,
                Playback.token_digest == digest(token),
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
