"""What a route says about who may ask it: every route names one of these types, or stands among the public ones."""

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from app.accounts.audit import Actor
from app.accounts.roles import Scope
from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.errors import Refused
from app.web.api_v1.parameters import FileId, PlaybackId
from app.web.authentication import Authenticator, address_of, is_local
from app.web.languages import accepted
from app.web.rates import count_viewer

DESCRIPTION = "An access token of a login, or an API key. Not needed on a machine without accounts."


class MissingScope(Refused):
    code = "missing_scope"

    def __init__(self, scope: Scope) -> None:
        super().__init__(f"this API key has not the scope {scope}")


class NoAccount(Refused):
    code = "no_account"

    def __init__(self) -> None:
        super().__init__("this is about one's own account, and the local administrator has none; log in with one")


async def _authenticator(request: Request) -> Authenticator:
    container = request.state.dishka_container
    found: Authenticator = await container.get(Authenticator)
    return found


def _require(viewer: Viewer, scope: Scope) -> Viewer:
    if not viewer.may(scope):
        raise MissingScope(scope)
    return viewer


class _Anyone(HTTPBearer):
    """Whoever is known to us. FastAPI's class tells the OpenAPI document, and nothing else: what a header means is
    decided in `app.web.authentication`."""

    async def __call__(self, request: Request) -> Viewer:  # type: ignore[override]  # a viewer rather than a token
        viewer = await (await _authenticator(request)).viewer(request)
        count_viewer(request.scope, viewer)
        languages = accepted(request.headers.get("accept-language"))
        return replace(viewer, languages=languages) if languages else viewer


_documented = HTTPBearer(auto_error=False, description=DESCRIPTION)
_anyone = _Anyone(scheme_name=HTTPBearer.__name__, auto_error=False, description=DESCRIPTION)


async def _viewer(viewer: Annotated[Viewer, Depends(_anyone)]) -> Viewer:
    return _require(viewer, Scope.READ)


async def _streamer(request: Request, file_id: FileId, _token: Annotated[object, Depends(_documented)]) -> Viewer:
    viewer = await (await _authenticator(request)).viewer(request, media_of=file_id)
    count_viewer(request.scope, viewer)
    return _require(viewer, Scope.STREAM)


async def _watcher(
    request: Request, playback_id: PlaybackId, _token: Annotated[object, Depends(_documented)]
) -> Viewer:
    viewer = await (await _authenticator(request)).viewer(request, playback=playback_id)
    count_viewer(request.scope, viewer)
    return _require(viewer, Scope.STREAM)


async def _player(viewer: Annotated[Viewer, Depends(_anyone)]) -> Viewer:
    return _require(viewer, Scope.STREAM)


def _administrator(viewer: Viewer) -> Viewer:
    if not viewer.is_administrator:
        raise Refused("only an administrator may do this")
    return viewer


async def _manager(viewer: Annotated[Viewer, Depends(_anyone)]) -> Viewer:
    return _require(_administrator(viewer), Scope.ADMIN)


async def _scanner(viewer: Annotated[Viewer, Depends(_anyone)]) -> Viewer:
    return _require(_administrator(viewer), Scope.SCAN)


async def _collector(request: Request, _token: Annotated[object, Depends(_documented)]) -> Viewer:
    if is_local(request):
        return LOCAL_ADMINISTRATOR
    viewer = await (await _authenticator(request)).viewer(request)
    return _require(_administrator(viewer), Scope.READ)


async def _oneself(viewer: Annotated[Viewer, Depends(_anyone)]) -> Viewer:
    if viewer.account_id is None:
        raise NoAccount
    return _require(viewer, Scope.ADMIN)


async def _actor(request: Request, viewer: Annotated[Viewer, Depends(_anyone)]) -> Actor:
    return Actor(viewer=viewer, address=address_of(request))


async def _address(request: Request) -> str:
    return address_of(request)


CurrentViewer = Annotated[Viewer, Depends(_viewer)]
"""Anybody with a login, or a key that may read: sees what the catalogue shows them."""
Streamer = Annotated[Viewer, Depends(_streamer)]
"""The same for the bytes of one file, whose token may stand in the address."""
Watcher = Annotated[Viewer, Depends(_watcher)]
"""The same for one playback, whose token stands in all of its addresses."""
Player = Annotated[Viewer, Depends(_player)]
"""Anybody who may fetch the bytes of what they see."""
Administrator = Annotated[Viewer, Depends(_manager)]
"""A parameter of every route that changes the server or looks into its engine."""
Scanner = Annotated[Viewer, Depends(_scanner)]
"""An administrator, or their key for download tools."""
Collector = Annotated[Viewer, Depends(_collector)]
"""Whoever collects metrics: a program of this machine, or an administrator's key that may read."""
Oneself = Annotated[Viewer, Depends(_oneself)]
"""Somebody about their own account."""
CurrentActor = Annotated[Actor, Depends(_actor)]
"""Who does it, for the book; says nothing about whether they may."""
ClientAddress = Annotated[str, Depends(_address)]
