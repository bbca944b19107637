"""The services without a server: for commands that ask or change one thing and end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.accounts.passwords import Passwords
from app.accounts.service import AccountService
from app.catalog.browse import Catalog
from app.config import Settings
from app.db.tx import Transactions
from app.jobs.client import Client
from app.library.service import LibraryService
from app.lifecycle import Lifecycle
from app.main.container import build_container
from app.main.run import invoke_database
from app.operations.schedule import Schedule
from app.vault.rotation import Rotation
from app.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Application:
    transactions: Transactions
    library: LibraryService
    catalog: Catalog
    accounts: AccountService
    passwords: Passwords
    schedule: Schedule
    vault: Vault
    rotation: Rotation
    client: Client
    """Inserts and controls, but works nothing."""


@asynccontextmanager
async def application(settings: Settings) -> AsyncIterator[Application]:
    """Open the services over the database in force: the one that runs, else one of our own for as long as needed.

    The database is migrated on the way, so that a command works before any server has run.
    """
    container = build_container(settings, work=False)
    try:
        lifecycle = await container.get(Lifecycle)
        await invoke_database(container, lifecycle, settings)
        await lifecycle.start()
        try:
            yield Application(
                await container.get(Transactions),
                await container.get(LibraryService),
                await container.get(Catalog),
                await container.get(AccountService),
                await container.get(Passwords),
                await container.get(Schedule),
                await container.get(Vault),
                await container.get(Rotation),
                await container.get(Client),
            )
        finally:
            await lifecycle.stop()
    finally:
        await container.close()
