"""What happens, as it happens: server-sent events, which go on where they were cut off, on whichever node."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

import msgspec
from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Header, Request
from fastapi.sse import format_sse_event
from starlette.responses import Response, StreamingResponse

from app.accounts.errors import Unauthenticated
from app.accounts.roles import Scope
from app.accounts.viewer import Viewer
from app.errors import Refused
from app.events.hub import RESET, EventHub, Listener, Told
from app.events.position import Position
from app.lifecycle import Lifecycle
from app.web.answers import documented
from app.web.auth import CurrentViewer
from app.web.authentication import Authenticator

router = APIRouter(prefix="/api/v1", tags=["events"], route_class=DishkaRoute, default_response_class=Response)

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is sent: proxies cut off what seems dead."""

RECHECK = 30.0
"""Seconds after which a listener has to be somebody still."""

RETRY = 3000
"""Milliseconds after which a browser that was cut off comes back."""

_STREAMED: dict[int | str, dict[str, Any]] = {
    **documented(None),
    200: {
        "description": "Events for as long as you listen: `items.changed` and `items.purged` of libraries you may see; "
        "for administrators `job.running`, with its progress, and `jobs.ended`; `reset` when something was missed",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
}


@router.get("/events", responses=_STREAMED)
async def listen_to_events(  # noqa: PLR0917  the framework passes them by name
    request: Request,
    viewer: CurrentViewer,
    hub: FromDishka[EventHub],
    authenticator: FromDishka[Authenticator],
    lifecycle: FromDishka[Lifecycle],
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Listen to what happens. With `Last-Event-ID`, what happened since then comes first, for up to an hour."""
    since = Position.parse(last_event_id) if last_event_id else None

    async def recheck() -> Viewer:
        found = await authenticator.viewer(request)
        if not found.may(Scope.READ):
            raise Refused("this is not for you any more")
        return found

    stream = _Stream(hub, viewer, recheck, lifecycle.stopping)
    return StreamingResponse(
        stream.lines(since, asked=last_event_id is not None),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


class _Stream:
    def __init__(
        self, hub: EventHub, viewer: Viewer, recheck: Callable[[], Awaitable[Viewer]], stopping: asyncio.Event
    ) -> None:
        self._hub = hub
        self._viewer = viewer
        self._recheck = recheck
        self._stopping = stopping

    async def lines(self, since: Position | None, *, asked: bool) -> AsyncIterator[bytes]:
        if since is not None:
            await self._hub.catch_up(since)
        with self._hub.listener(self._viewer) as listener:
            until = await self._hub.position()
            yield format_sse_event(id=str(since or until), retry=RETRY, comment="listening")
            if since is not None:
                async for told in self._hub.missed(since, until):
                    if (shown := told.to(self._viewer) if told.kind != RESET else told) is not None:
                        yield encode(shown)
            elif asked:
                yield encode(Told(RESET, {}, until))
            async for line in self._live(listener):
                yield line

    async def _live(self, listener: Listener) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        checked = loop.time()
        while not self._stopping.is_set():
            if loop.time() - checked > RECHECK:
                try:
                    listener.viewer = await self._recheck()
                except (Unauthenticated, Refused):
                    return
                checked = loop.time()
            told = await self._next(listener)
            yield format_sse_event(comment="still here") if told is None else encode(told)
            if listener.is_lost and listener.told.empty():
                reset = Told(RESET, {}, await self._hub.position())
                listener.is_lost = False  # before they ask for everything: what happens from now on is told again
                yield encode(reset)

    async def _next(self, listener: Listener) -> Told | None:
        """Wait for an event, for the stop, or until it is time to say something anyway."""
        event = asyncio.ensure_future(listener.told.get())
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({event, stop}, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
            return event.result() if event.done() else None
        finally:
            event.cancel()
            stop.cancel()


def encode(told: Told) -> bytes:
    return format_sse_event(data_str=msgspec.json.encode(told.data).decode(), event=told.kind, id=str(told.position))
