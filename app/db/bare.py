"""What a bare `alembic` needs: the configuration, a server, and a connection that no other node migrates on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from app.config import Settings
from app.db.migrate import guarded
from app.db.server import DatabaseServer


@asynccontextmanager
async def bare_connection() -> AsyncIterator[tuple[AsyncConnection, str]]:
    """Yield a connection and the queue's schema; our own server runs for as long as this takes."""
    settings = Settings.load()
    server = DatabaseServer(settings)
    await server.start()
    try:
        async with guarded(server.conninfo) as connection:
            yield connection, settings.jobs.schema
    finally:
        await server.stop()
