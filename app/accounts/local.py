"""The credential of one run of a server, for commands on its own machine.

It lives in this process's memory and in a file that the owner of the data directory alone can read; whoever can read
that can read the database beside it. It ends with the server.
"""

import hashlib
import hmac
import secrets

from app.accounts.errors import InvalidToken
from app.accounts.tokens import TokenKind, make_token
from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer


class LocalCredential:
    def __init__(self) -> None:
        self.token = make_token(TokenKind.LOCAL)

    def viewer(self, token: str) -> Viewer:
        """Return the local administrator.

        Raises:
            InvalidToken: the token is of another run, or made up.
        """
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            raise InvalidToken
        return LOCAL_ADMINISTRATOR

    def proof(self, challenge: str) -> str:
        """Return what only a holder of the token can know."""
        return prove(self.token, challenge)


def prove(token: str, challenge: str) -> str:
    """Show that one holds a token without showing the token."""
    return hmac.new(token.encode(), challenge.encode(), hashlib.sha256).hexdigest()
