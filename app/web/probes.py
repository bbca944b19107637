"""What must be so before this node is sent requests: its database answers, is migrated, and its workers work."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import text

from app.db.migrate import script_location
from app.db.tx import Transactions
from app.errors import Unavailable
from app.jobs.client import Client
from app.lifecycle import Lifecycle
from app.web.readiness import Probe


class Probes:
    def __init__(self, transactions: Transactions, client: Client, lifecycle: Lifecycle) -> None:
        self._transactions = transactions
        self._client = client
        self._lifecycle = lifecycle
        self._head: str | None = None

    def all(self) -> Sequence[Probe]:
        return (
            Probe("serving", self.serving),
            Probe("database", self.migrated),
            Probe("queue", self._client.driver.ping),
            Probe("workers", self.workers_running),
        )

    async def serving(self) -> None:
        """A node that stops should get no new requests while it ends the old ones."""
        if self._lifecycle.stopping.is_set():
            raise Unavailable("stopping")

    async def migrated(self) -> None:
        if self._head is None:
            self._head = await asyncio.to_thread(_newest_revision)
        async with self._transactions.begin() as tx:
            revision = await tx.session.scalar(text("SELECT version_num FROM alembic_version"))
        if revision != self._head:
            raise Unavailable(f"the database is at revision {revision}, this program needs {self._head}")

    async def workers_running(self) -> None:
        """A client without queues only inserts, and is ready as it is."""
        client = self._client
        if client.only_inserts:
            return
        if not client.is_started:
            raise Unavailable("the workers have not started")
        if not client.is_listening and not client.config.poll_only:
            raise Unavailable("the queue's announcements do not reach us; jobs are found by polling meanwhile")


def _newest_revision() -> str | None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415  heavy, and asked once

    return ScriptDirectory(str(script_location())).get_current_head()
