"""Which nodes are there: `revenge_client`, a table of ours beside River's (design 3)."""

import os
import socket
from collections.abc import Sequence
from datetime import UTC

from app.jobs.driver.arrays import text_array
from app.jobs.driver.driver import ClientPresence
from app.jobs.driver.statement_runner import StatementRunner


class PresenceStatements(StatementRunner):
    async def client_upsert(self, *, client_id: str, queues: Sequence[str]) -> None:
        await self._fetch(
            "client_upsert",
            {
                "client_id": client_id,
                "queues": text_array(queues),
                "hostname": socket.gethostname(),
                "pid": os.getpid(),
            },
        )

    async def client_delete(self, client_id: str) -> None:
        await self._fetch("client_delete", {"client_id": client_id})

    async def client_list(self) -> list[ClientPresence]:
        return [
            ClientPresence(client_id, started_at.astimezone(UTC), seen_at.astimezone(UTC), tuple(queues))
            for client_id, started_at, seen_at, queues in await self._fetch("client_list")
        ]

    async def client_get_gone(self, *, unseen_for: float) -> list[str]:
        return [row[0] for row in await self._fetch("client_get_gone", {"unseen_for": unseen_for})]

    async def client_delete_gone(self, client_ids: Sequence[str]) -> None:
        await self._fetch("client_delete_gone", {"client_ids": text_array(client_ids)})
