"""Reads items whole, with all that hangs on them: a fixed number of statements however many they are."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from app.accounts.viewer import Viewer
from app.catalog import assemble, described, queries, seen
from app.catalog.views import Item
from app.db.tx import Tx

I = TypeVar("I", bound=Item)  # noqa: E741  one of two kinds of item


async def read_parts(tx: Tx, viewer: Viewer, item_ids: Sequence[UUID]) -> assemble.Parts:
    """Return these items with all that hangs on them; those not to be seen are left out."""
    items = await queries.items(viewer, item_ids).fetch(tx)
    shown = [row["id"] for row in items]
    files = await queries.files_of_items(viewer, shown).fetch(tx)
    file_ids = [row["id"] for row in files]
    return assemble.Parts(
        items=items,
        files=files,
        streams=await queries.streams_of_files(file_ids).fetch(tx),
        described=await described.describe(viewer, shown).fetch(tx),
        words=await described.words_of_files(file_ids).fetch(tx),
        people=await described.people(shown).fetch(tx),
        states=await seen.states_of(viewer, shown).fetch(tx),
    )


async def read_items_as(tx: Tx, viewer: Viewer, item_ids: Sequence[UUID], make: type[I]) -> list[I]:
    """Return these items in this order, as one of two views."""
    return assemble.items(item_ids, await read_parts(tx, viewer, item_ids), make) if item_ids else []


async def read_items(tx: Tx, viewer: Viewer, item_ids: Sequence[UUID]) -> list[Item]:
    return await read_items_as(tx, viewer, item_ids, Item)
