"""Tokens that stand in the addresses of one playback: for players that send no header, and for nothing else."""

from uuid import UUID

from psycopg import sql

from app.accounts.errors import InvalidToken
from app.accounts.seeing import ACCOUNT, WATCHING, viewer_of
from app.accounts.tokens import digest
from app.accounts.viewer import Viewer
from app.db.prepared import Prepared
from app.db.tx import Connected

_OF_TOKEN = Prepared.of(
    sql.SQL("""
    SELECT {account}, playback.login_id
    FROM playback JOIN account ON account.id = playback.account_id LEFT JOIN login ON login.id = playback.login_id
    WHERE playback.id = %(playback_id)s AND playback.token_digest = %(digest)s AND login.revoked_at IS NULL
        AND account.disabled_at IS NULL
""").format(account=ACCOUNT)
)


class PlaybackTokens:
    async def viewer(self, asked: Connected, token: str, playback_id: UUID) -> Viewer:
        """Return who watches. What they may see is asked anew each time, so what is taken away is gone at once.

        Raises:
            InvalidToken: of another playback, or it has ended, or its login has, or its account is disabled.
        """
        found = await _OF_TOKEN.fetch(asked.connection, {"playback_id": playback_id, "digest": digest(token)})
        if not found:
            raise InvalidToken
        return viewer_of(found[0], login_id=found[0]["login_id"], scopes=WATCHING)
