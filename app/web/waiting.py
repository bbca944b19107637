"""Tells the database that somebody waits for what is done here, so that a silent one costs seconds and not minutes."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.db.pulse import somebody_waits
from app.web.guard import SAFE_METHODS


class Waited:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with somebody_waits(only_reads=scope.get("method") in SAFE_METHODS):
            await self._app(scope, receive, send)
