"""What may be done to a queue from outside: look, pause, resume, annotate (contract 11)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from app.errors import InvalidInput
from app.jobs import go_json
from app.jobs.driver.driver import Connection, Driver
from app.jobs.errors import QueueNotFound
from app.jobs.insert_params import checked_metadata
from app.jobs.names import is_storable
from app.jobs.types import QueueRow, Topic

ALL_QUEUES = "*"
MAX_LIMIT = 10_000

LARGEST_PAYLOAD = 7_999
"""Bytes of one notification. PostgreSQL's own limit."""


class _Change(msgspec.Struct):
    """Told to the producers. The keys in River's order: notifications are compared."""

    action: str
    queue: str


class _MetadataChange(msgspec.Struct):
    action: str
    metadata: msgspec.Raw
    queue: str


class QueueControl:
    """Each verb exists twice; the one ending in `_tx` works in the caller's transaction and is seen when it commits.

    A queue has a row while somebody works it, and for a day after; only then is there anything to pause.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def get(self, name: str) -> QueueRow:
        """Return a queue's row.

        Raises:
            QueueNotFound: nobody has worked it lately.
        """
        _check_storable(name)
        return _found(name, await self._driver.queue_get(name))

    async def list(self, limit: int = 100) -> Sequence[QueueRow]:
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidInput("limit", f"must be between 1 and {MAX_LIMIT}")
        return await self._driver.queue_list(limit)

    async def pause(self, name: str) -> None:
        """Stop fetching from a queue, or from all there are now (`*`); what runs, runs on. Twice is as good as once.

        Raises:
            QueueNotFound: no such queue; never for `*`.
        """
        _check_storable(name)
        async with self._driver.begin() as driver:
            if not await driver.queue_pause(name):
                raise QueueNotFound(name)
            await driver.notify_many(Topic.CONTROL, [_payload(_Change("pause", name))])

    async def resume(self, name: str) -> None:
        """Fetch again, at once.

        Raises:
            QueueNotFound: no such queue; never for `*`.
        """
        _check_storable(name)
        async with self._driver.begin() as driver:
            if not await driver.queue_resume(name):
                raise QueueNotFound(name)
            await driver.notify_many(Topic.CONTROL, [_payload(_Change("resume", name))])

    async def update(self, name: str, *, metadata: dict[str, Any] | bytes) -> QueueRow:
        """Replace the queue's metadata as a whole, and tell its producers.

        Raises:
            QueueNotFound: no such queue.
            InvalidInput: not an object, or too large to be told.
        """
        _check_storable(name)
        encoded = checked_metadata(metadata)
        payload = _payload(_MetadataChange("metadata_changed", msgspec.Raw(go_json.compact(encoded)), name))
        if len(payload.encode()) > LARGEST_PAYLOAD:
            raise InvalidInput("metadata", f"is too large to announce: at most {LARGEST_PAYLOAD} bytes with its frame")
        async with self._driver.begin() as driver:
            queue = _found(name, await driver.queue_update(name, encoded))
            await driver.notify_many(Topic.CONTROL, [payload])
        return queue

    async def get_tx(self, connection: Connection, name: str) -> QueueRow:
        return await self._on(connection).get(name)

    async def list_tx(self, connection: Connection, limit: int = 100) -> Sequence[QueueRow]:
        return await self._on(connection).list(limit)

    async def pause_tx(self, connection: Connection, name: str) -> None:
        await self._on(connection).pause(name)

    async def resume_tx(self, connection: Connection, name: str) -> None:
        await self._on(connection).resume(name)

    async def update_tx(self, connection: Connection, name: str, *, metadata: dict[str, Any] | bytes) -> QueueRow:
        return await self._on(connection).update(name, metadata=metadata)

    def _on(self, connection: Connection) -> "QueueControl":
        return QueueControl(self._driver.using(connection))


def _check_storable(name: str) -> None:
    """No queue can be called what PostgreSQL cannot hold; asking it would be an error of ours."""
    if not is_storable(name):
        raise QueueNotFound(name)


def _found(name: str, queue: QueueRow | None) -> QueueRow:
    if queue is None:
        raise QueueNotFound(name)
    return queue


def _payload(change: msgspec.Struct) -> str:
    return msgspec.json.encode(change).decode()
