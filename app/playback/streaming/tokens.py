"""Tokens that stand in the addresses of one playback: for players that send no header, and for nothing else."""

from uuid import UUID

from psycopg import sql

from app.accounts.errors import InvalidToken
from app.accounts.seeing import ACCOUNT, OPENED, WATCHING, viewer_of
from app.accounts.tokens import digest
from app.accounts.viewer import Viewer
from app.clock import Clock
from app.db.prepared import Prepared
from app.db.tx import Connected

_OF_TOKEN = Prepared.of(
    sql.SQL("""
    SELECT {account}, playback.login_id, playback.api_key_id
    FROM playback JOIN account ON account.id = playback.account_id
        LEFT JOIN login ON login.id = playback.login_id LEFT JOIN api_key ON api_key.id = playback.api_key_id
    WHERE playback.id = %(playback_id)s AND playback.token_digest = %(digest)s AND {opened}
""").format(account=ACCOUNT, opened=OPENED)
)


class PlaybackTokens:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def viewer(self, asked: Connected, token: str, playback_id: UUID) -> Viewer:
        """Return who watches. What they may see is asked anew each time, so what is taken away is gone at once.

        Raises:
            InvalidToken: of another playback, or it has ended, or the login or key it was begun with has, or its
                account is disabled.
        """
        values = {"playback_id": playback_id, "digest": digest(token), "now": self._clock.now()}
        found = await _OF_TOKEN.fetch(asked.connection, values)
        if not found:
            raise InvalidToken
        (row,) = found
        return viewer_of(row, login_id=row["login_id"], api_key_id=row["api_key_id"], scopes=WATCHING)
