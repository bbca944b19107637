"""What playback announces, and never who listens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.db.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Where somebody is in something."""

    playback_id: UUID
    account_id: UUID | None
    """None: the local administrator."""
    item_id: UUID
    file_id: UUID
    client: str
    position_ms: int
    duration_ms: int | None
    is_paused: bool
    started_at: datetime


class PlaybackListener(Protocol):
    """Called inside the transaction that records it: write rows and insert jobs, do no I/O. Raising undoes both."""

    async def playback_started(self, tx: Tx, watched: Watched) -> None: ...

    async def playback_progressed(self, tx: Tx, watched: Watched) -> None:
        """Called with every word of the client, which comes every few seconds."""
        ...

    async def playback_stopped(self, tx: Tx, watched: Watched) -> None:
        """Called when the client says so, or when it has said nothing for too long: then with its last position."""
        ...
