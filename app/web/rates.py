"""How much one asker may ask, told in headers (draft-ietf-httpapi-ratelimit-headers), and how much is begun at once.

Token buckets in this node's memory keep one script from taking everybody's turn, and are so wide that a household never
meets them. Guessing of passwords is another matter, counted in the database for all nodes together
(`app.accounts.limits`). An address is counted before anything else is done for it, a viewer when it is known who asks;
bytes of media have buckets of their own, since a player asks for them by the dozen.
"""

import re
import time
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.limits import network_of
from app.accounts.viewer import Viewer
from app.config import HttpSettings
from app.errors import Unavailable
from app.web.buckets import Buckets, Policy, Standing, TooManyRequests
from app.web.errors import explain

EXEMPT = frozenset({"/healthz", "/readyz"})
"""Asked by machines that decide whether we live: they have to be answered when nobody else is."""

MEDIA = re.compile(
    r"/api/v1/(?:files/[^/]+/(?!token$).+|items/[^/]+/images/.+|(?:people|libraries)/[^/]+/image|playback/[^/]+/.+)"
)
"""Where bytes of media are: streams, segments, pictures, subtitles."""


class Overloaded(Unavailable):
    code = "overloaded"

    def __init__(self) -> None:
        super().__init__("this server has as much to do as it can bear; try again in a moment")


class RequestLimits:
    """The limits of this node, and how many requests it has begun and not yet begun to answer."""

    def __init__(self, settings: HttpSettings | None = None, now: Callable[[], float] = time.monotonic) -> None:
        settings = settings or HttpSettings()
        window = settings.rate_limit.window.total_seconds()
        quotas = {"viewer": settings.rate_limit.viewer, "address": settings.rate_limit.address}
        media = settings.rate_limit.media
        named = {**quotas, "media": media, "media-address": media}
        self._buckets = {
            name: Buckets(Policy(name, quota, window), now) for name, quota in named.items() if quota is not None
        }
        self._most = settings.max_requests
        self._unanswered = 0

    def take(self, scope: Scope, name: str, key: str) -> None:
        """Count a request under a policy, if there is one of that name.

        Raises:
            TooManyRequests.
        """
        if (buckets := self._buckets.get(name)) is None:
            return
        standings: list[Standing] = scope["state"].setdefault("rates", [])
        try:
            standings.append(buckets.take(key))
        except TooManyRequests as refusal:
            standings.append(refusal.standing)
            raise

    def begin(self) -> None:
        """Raises: Overloaded: there are too many already."""
        if self._unanswered >= self._most:
            raise Overloaded
        self._unanswered += 1

    def end(self) -> None:
        self._unanswered -= 1


def count_viewer(scope: Scope, viewer: Viewer) -> None:
    """Count a request against whoever has turned out to make it.

    Raises:
        TooManyRequests.
    """
    limits: RequestLimits | None = scope.get("state", {}).get("limits")
    if limits is not None:
        limits.take(scope, "media" if is_media(scope) else "viewer", str(viewer.account_id or viewer.name))


def is_media(scope: Scope) -> bool:
    return MEDIA.fullmatch(scope["path"]) is not None


class RateLimits:
    """Counts requests by address, holds back those that are too many at once, and tells each how it stands."""

    def __init__(self, app: ASGIApp, limits: RequestLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in EXEMPT:
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, scope, self._limits)
        address = network_of((scope.get("client") or ("unknown",))[0])
        scope["state"]["limits"] = self._limits
        try:
            self._limits.take(scope, "media-address" if is_media(scope) else "address", address)
            self._limits.begin()
        except (TooManyRequests, Overloaded) as refusal:
            await explain(scope, refusal)(scope, receive, answer)
            return
        answer.is_held = True
        try:
            await self._app(scope, receive, answer)
        finally:
            answer.let_go()


class _Answer:
    """Writes the headers, and gives the turn back when an answer begins: streams and listeners hold none."""

    def __init__(self, send: Send, scope: Scope, limits: RequestLimits) -> None:
        self._send = send
        self._scope = scope
        self._limits = limits
        self.is_held = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.let_go()
            standings: list[Standing] = self._scope["state"].get("rates", [])
            if standings:
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = ", ".join(str(one.policy) for one in standings)
                headers["RateLimit"] = ", ".join(map(str, standings))
        await self._send(message)

    def let_go(self) -> None:
        if self.is_held:
            self.is_held = False
            self._limits.end()
