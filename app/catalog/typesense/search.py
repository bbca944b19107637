"""The search that Typesense does, and PostgreSQL wherever it does not.

States: asked; resting, for a while after it failed. Whoever searches while it rests is answered by PostgreSQL at once,
and does not pay the time that another has just waited in vain. The log tells when it goes and when it is back.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.accounts.viewer import Viewer
from app.catalog.postgres_search import PostgresSearch
from app.catalog.searching import SearchQuery
from app.catalog.typesense.asking import question
from app.catalog.typesense.server import TypesenseAway, TypesenseServer
from app.clock import Clock

log = structlog.get_logger("search")

REST = timedelta(seconds=15)


class TypesenseSearch:
    """A `SearchEngine`."""

    def __init__(self, server: TypesenseServer, alias: str, postgres: PostgresSearch, clock: Clock) -> None:
        self._server = server
        self._alias = alias
        self._postgres = postgres
        self._clock = clock
        self._rests_until: datetime | None = None

    async def find(self, viewer: Viewer, asked: SearchQuery) -> list[UUID]:
        wanted = question(viewer, asked, self._alias)
        if wanted is None:
            return []
        if self._rests_until is not None and self._clock.now() < self._rests_until:
            return await self._postgres.find(viewer, asked)
        try:
            found = await self._server.find(wanted)
        except TypesenseAway as err:
            log.warning("Typesense does not answer; PostgreSQL searches instead", reason=err.reason)
            self._rests_until = self._clock.now() + REST
            return await self._postgres.find(viewer, asked)
        if self._rests_until is not None:
            log.info("Typesense answers again")
            self._rests_until = None
        return found
