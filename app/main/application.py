"""The API without a server: for commands that ask or change one thing and end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from app.accounts.local import LocalCredential
from app.config import Settings
from app.lifecycle import Lifecycle
from app.main.container import build_container
from app.main.run import invoke_database


@dataclass(frozen=True, slots=True)
class Application:
    api: FastAPI
    """Asked in this process. Its client of the queue inserts and controls, but works nothing."""
    token: str
    """Speaks for the local administrator."""


@asynccontextmanager
async def application(settings: Settings) -> AsyncIterator[Application]:
    """Open the API over the database in force: the one that runs, else one of our own for as long as needed.

    The database is migrated on the way, so that a command works before any server has run.
    """
    container = build_container(settings, work=False)
    try:
        lifecycle = await container.get(Lifecycle)
        await invoke_database(container, lifecycle, settings)
        await lifecycle.start()
        try:
            yield Application(
                await container.get(FastAPI),
                (await container.get(LocalCredential)).token,
            )
        finally:
            await lifecycle.stop()
    finally:
        await container.close()
