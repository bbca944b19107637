"""Who asks, for every route. Until there are accounts it is the local administrator, and only this file knows."""

from typing import Annotated

from fastapi import Depends

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.errors import Refused


async def _viewer() -> Viewer:
    return LOCAL_ADMINISTRATOR


async def _administrator(viewer: Annotated[Viewer, Depends(_viewer)]) -> Viewer:
    if not viewer.is_administrator:
        raise Refused("only an administrator may do this")
    return viewer


CurrentViewer = Annotated[Viewer, Depends(_viewer)]
Administrator = Annotated[Viewer, Depends(_administrator)]
"""A parameter of every route that changes the server or looks into its engine."""
