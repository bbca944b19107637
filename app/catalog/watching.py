"""What somebody has seen and goes on with. Items are asked for as everywhere: what may not be seen does not exist."""

from uuid import UUID

from app.accounts.viewer import Viewer
from app.catalog import queries, seen
from app.catalog.browse import ItemNotFound
from app.catalog.cursor import decode_cursor, encode_cursor
from app.catalog.page_views import HistoryEntry, HistoryPage, ItemRow
from app.catalog.parts import read_items
from app.catalog.views import UserState
from app.db.tx import Transactions, Tx
from app.errors import InvalidInput
from app.playback.watching.states import Told, WatchStates

MAX_LIMIT = 200


class Watching:
    def __init__(self, transactions: Transactions, states: WatchStates) -> None:
        self._transactions = transactions
        self._states = states

    async def tell(self, viewer: Viewer, item_id: UUID, told: Told) -> UserState:
        """Keep where somebody is in a film, an episode or a song.

        Raises:
            ItemNotFound.
            InvalidInput: it has no position: a series, an album.
        """
        async with self._transactions.begin() as tx:
            row = await _visible(tx, viewer, item_id)
            if row not in ("movie", "episode", "track"):
                raise InvalidInput("item_id", f"a {row} has no position; its episodes or songs have")
            await self._states.tell(tx, viewer.account_id, item_id, told)
            return await _state(tx, viewer, item_id)

    async def mark(self, viewer: Viewer, item_id: UUID, *, watched: bool) -> UserState:
        """Say that something was watched, or was not: of a series all its episodes that the viewer may see.

        Raises: ItemNotFound.
        """
        async with self._transactions.begin() as tx:
            await _visible(tx, viewer, item_id)
            leaves = [row["id"] for row in await seen.leaves_of(viewer, item_id).fetch(tx)]
            await self._states.mark(tx, viewer.account_id, leaves, watched=watched)
            return await _state(tx, viewer, item_id)

    async def favor(self, viewer: Viewer, item_id: UUID, *, favorite: bool) -> UserState:
        """Raises: ItemNotFound."""
        async with self._transactions.begin() as tx:
            await _visible(tx, viewer, item_id)
            await self._states.favor(tx, viewer.account_id, item_id, favorite=favorite)
            return await _state(tx, viewer, item_id)

    async def hide(self, viewer: Viewer, item_id: UUID) -> None:
        """Take something out of what there is to go on with, until it is played again.

        Raises: ItemNotFound.
        """
        async with self._transactions.begin() as tx:
            await _visible(tx, viewer, item_id)
            await self._states.hide(tx, viewer.account_id, item_id)

    async def resume(self, viewer: Viewer, limit: int = 20) -> ItemRow:
        """Return what was begun, the last first."""
        _check(limit)
        async with self._transactions.autocommit() as asked:
            found = await seen.to_resume(viewer, limit).fetch(asked)
            return ItemRow(items=await read_items(asked, viewer, [row["id"] for row in found]))

    async def next_up(self, viewer: Viewer, limit: int = 20, series_id: UUID | None = None) -> ItemRow:
        """Return the next episode of each series that is being watched."""
        _check(limit)
        async with self._transactions.autocommit() as asked:
            found = await seen.next_up(viewer, limit, series_id).fetch(asked)
            return ItemRow(items=await read_items(asked, viewer, [row["id"] for row in found]))

    async def history(self, viewer: Viewer, cursor: str | None = None, limit: int = 50) -> HistoryPage:
        """Return what was watched to its end, the last first.

        Raises: BadCursor.
        """
        _check(limit)
        before = None if cursor is None else decode_cursor("history", cursor, tuple[int])[0]
        async with self._transactions.autocommit() as asked:
            rows = await seen.history(viewer, before, limit + 1).fetch(asked)
            shown = rows[:limit]
            items = {item.id: item for item in await read_items(asked, viewer, [row["item_id"] for row in shown])}
        entries = [
            HistoryEntry(watched_at=row["watched_at"], item=items[row["item_id"]])
            for row in shown
            if row["item_id"] in items
        ]
        following = encode_cursor("history", [shown[-1]["id"]]) if len(rows) > limit else None
        return HistoryPage(entries=entries, next_cursor=following)


def _check(limit: int) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput("limit", f"must be 1 to {MAX_LIMIT}")


async def _visible(tx: Tx, viewer: Viewer, item_id: UUID) -> str:
    rows = await queries.items(viewer, [item_id]).fetch(tx)
    if not rows:
        raise ItemNotFound(item_id)
    return str(rows[0]["kind"])


async def _state(tx: Tx, viewer: Viewer, item_id: UUID) -> UserState:
    (item,) = await read_items(tx, viewer, [item_id])
    return item.user
