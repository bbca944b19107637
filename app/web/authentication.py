"""From a request to a viewer. Every route but a few public ones asks here, by the types in `app.web.auth`.

Without any account, whoever asks this machine from this machine is the local administrator: over loopback, by a
loopback name, and not through a proxy, behind which anybody may sit. With the first account that ends for good; from
then on the machine's own commands show the credential of this run (`app.accounts.local`).
"""

import hashlib
import ipaddress
from uuid import UUID

from starlette.requests import Request

from app.accounts.api_keys import ApiKeyService
from app.accounts.errors import InvalidToken, SetupRequired, Unauthenticated
from app.accounts.local import LocalCredential
from app.accounts.logins import LoginService
from app.accounts.media_tokens import MediaTokenService
from app.accounts.service import AccountService
from app.accounts.tokens import TokenKind, kind_of
from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.db.tx import Connected, Transactions
from app.playback.streaming.remembered import Remembered
from app.playback.streaming.tokens import PlaybackTokens
from app.web.hosts import is_loopback_host

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""What a proxy adds. A trusted one has told us the client's address; of any other we only learn that it is there."""

MEDIA_TOKEN = "token"  # noqa: S105  # the parameter's name
"""In the query of a media route only: an address may be logged, remembered and sent on by whoever sees it."""


class LoginRequired(Unauthenticated):
    code = "login_required"

    def __init__(self) -> None:
        super().__init__("this needs a login: send the header Authorization: Bearer with an access token or an API key")


class Authenticator:
    def __init__(
        self,
        *,
        transactions: Transactions,
        accounts: AccountService,
        logins: LoginService,
        api_keys: ApiKeyService,
        media_tokens: MediaTokenService,
        local: LocalCredential,
        playback_tokens: PlaybackTokens,
    ) -> None:
        self._transactions = transactions
        self._accounts = accounts
        self._logins = logins
        self._api_keys = api_keys
        self._media_tokens = media_tokens
        self._local = local
        self._playback_tokens = playback_tokens
        self._watchers: Remembered[Viewer] = Remembered()

    async def viewer(self, request: Request, *, media_of: UUID | None = None, playback: UUID | None = None) -> Viewer:
        """Return who asks. `media_of` is the file whose bytes are asked for, `playback` whose segments are: where a
        token may stand in the address.

        Raises:
            Unauthenticated: nobody we know; SetupRequired where there is nobody to be known yet.
        """
        token = bearer(request)
        if playback is None:
            return await self._ask(request, token, media_of, None)
        shown = (token, request.query_params.get(MEDIA_TOKEN), is_local(request), is_from_here(request))
        key = hashlib.sha256(repr((playback, shown)).encode()).digest()  # no token is kept
        return await self._watchers.ask(key, lambda: self._ask(request, token, None, playback))

    async def _ask(self, request: Request, token: str | None, media_of: UUID | None, playback: UUID | None) -> Viewer:
        async with self._transactions.autocommit() as asked:
            if token is not None:
                return await self._of_token(asked, request, token)
            if media_of is not None and MEDIA_TOKEN in request.query_params:
                return await self._media_tokens.viewer(asked, request.query_params[MEDIA_TOKEN], media_of)
            if playback is not None and MEDIA_TOKEN in request.query_params:
                return await self._playback_tokens.viewer(asked, request.query_params[MEDIA_TOKEN], playback)
            if await self._accounts.any_exist(asked):
                raise LoginRequired
        if not is_local(request):
            raise SetupRequired
        return LOCAL_ADMINISTRATOR

    async def _of_token(self, asked: Connected, request: Request, token: str) -> Viewer:
        match kind_of(token):
            case TokenKind.ACCESS:
                return await self._logins.viewer(asked, token)
            case TokenKind.API_KEY:
                return await self._api_keys.viewer(asked, token)
            case TokenKind.LOCAL if is_from_here(request):
                return self._local.viewer(token)
            case _:
                raise InvalidToken


def bearer(request: Request) -> str | None:
    """Return the token of the Authorization header (RFC 6750); None where there is no such header.

    Raises:
        InvalidToken: another scheme, or several headers, of which a proxy and we might believe different ones.
    """
    given = request.headers.getlist("authorization")
    if not given:
        return None
    scheme, _, token = given[0].strip().partition(" ")
    if len(given) > 1 or scheme.casefold() != "bearer" or not token.strip():
        raise InvalidToken
    return token.strip()


def address_of(request: Request) -> str:
    """Return the client's address; behind a trusted proxy the one it tells."""
    return request.client.host if request.client is not None else "unknown"


def is_local(request: Request) -> bool:
    """Whether this machine asks, over loopback and by a loopback name: no page whose name was pointed here can."""
    return _is_loopback(request) and is_loopback_host(request.headers.get("host", ""))


def is_from_here(request: Request) -> bool:
    """Whether this machine asks, over loopback or by the one address that we listen on. Good for a secret besides."""
    server = request.scope.get("server") or ("",)
    to_itself = address_of(request) == server[0] and not _is_forwarded(request)
    return to_itself or _is_loopback(request)


def _is_loopback(request: Request) -> bool:
    try:
        return ipaddress.ip_address(address_of(request)).is_loopback and not _is_forwarded(request)
    except ValueError:
        return False


def _is_forwarded(request: Request) -> bool:
    return any(name in request.headers for name in FORWARDED)
