"""What the library announces, and never who listens."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from app.db.tx import Tx


class AnalysisListener(Protocol):
    """Called inside the transaction that keeps what probing said, as `LibraryListener` is; also of this domain."""

    async def media_analyzed(self, tx: Tx, file_ids: Sequence[UUID]) -> None:
        """Called when streams, chapters and tags of these files are new. Their items are announced afterwards."""
        ...


class LibraryListener(Protocol):
    """Called inside the transaction that makes the change, in batches: write rows and insert jobs, do no I/O.

    Raising undoes the change itself. One item may be announced more than once.
    """

    async def items_changed(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Called when items were made, or when their titles, files or states have changed."""
        ...

    async def items_merged(self, tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
        """Called with (gone, kept) while both still exist: move what hangs on the first to the second."""
        ...

    async def items_purged(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Called before the items are deleted, which only a person does."""
        ...
