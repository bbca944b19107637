"""Hears what the library announces, so that what was seen of an item follows it, and what playbacks tell."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.playback.ports import Watched
from app.playback.watching.states import Told, WatchStates, give_locals, merge


class WatchStateFollows:
    """A `LibraryListener`."""

    async def items_changed(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Do nothing: it hangs on the item, not on what that is called or made of."""

    async def items_merged(self, tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
        for gone, kept in merges:
            await merge(tx, gone, kept)

    async def items_purged(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Do nothing: it goes with the item, which only a person deletes."""


class WatchStateFindsItsOwner:
    """An `AccountListener`: whoever tried the server alone loses nothing when they make an account."""

    async def first_account_made(self, tx: Tx, account_id: UUID) -> None:
        await give_locals(tx, account_id)


class WatchStateOfPlaybacks:
    """A `PlaybackListener`: whoever plays something need not tell where they are a second time."""

    def __init__(self, states: WatchStates) -> None:
        self._states = states

    async def playback_started(self, tx: Tx, watched: Watched) -> None:
        """Do nothing: to have begun is to have come somewhere."""

    async def playback_progressed(self, tx: Tx, watched: Watched) -> None:
        await self._tell(tx, watched)

    async def playback_stopped(self, tx: Tx, watched: Watched) -> None:
        await self._tell(tx, watched)

    async def _tell(self, tx: Tx, watched: Watched) -> None:
        told = Told(watched.position_ms, watched.duration_ms)
        await self._states.tell(tx, watched.account_id, watched.item_id, told)
