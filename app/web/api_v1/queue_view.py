"""A queue as the API shows it: River's columns by name."""

import msgspec

from app.catalog.file_views import Time
from app.jobs.types import QueueRow


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `river_queue`. Queues that nobody has worked for a day are forgotten."""

    name: str
    created_at: Time
    metadata: msgspec.Raw
    paused_at: Time | None
    """Null: it is worked."""
    updated_at: Time
    """When a client that works it last said so."""

    @classmethod
    def of(cls, row: QueueRow) -> "Queue":
        return cls(
            name=row.name,
            created_at=row.created_at,
            metadata=msgspec.Raw(row.metadata),
            paused_at=row.paused_at,
            updated_at=row.updated_at,
        )


class Queues(msgspec.Struct, frozen=True):
    queues: list[Queue]
