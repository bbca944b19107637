"""The PostgreSQL in force: the one that was named, or our own."""

from app.config import Settings
from app.db.embedded import EmbeddedPostgres
from app.db.external import wait_until_reachable


class DatabaseServer:
    """Starts our own server, or waits for the one in `database.url`. Everything else asks it where to connect."""

    def __init__(self, settings: Settings) -> None:
        database = settings.database
        self._url = database.url
        self._connect_timeout = database.connect_timeout.total_seconds()
        self._embedded = EmbeddedPostgres(settings.data_dir / "postgres", binaries=database.binaries)

    @property
    def is_embedded(self) -> bool:
        return self._url is None

    @property
    def conninfo(self) -> str:
        """Where to connect now. Ask again for every connection: our own server's address may change.

        Raises:
            RuntimeError: our own server has not been started.
        """
        return self._embedded.conninfo if self._url is None else self._url.get_secret_value()

    async def start(self) -> None:
        """Return when the database takes connections.

        Raises:
            Unavailable: it does not, for a reason told.
        """
        if self._url is None:
            await self._embedded.start()
        else:
            await wait_until_reachable(self._url.get_secret_value(), self._connect_timeout)

    async def stop(self) -> None:
        """Stop our own server, if it is ours to stop. Whoever else uses it starts it again for itself."""
        await self._embedded.stop()
