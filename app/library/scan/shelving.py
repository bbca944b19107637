"""What building items has decided, and the few statements that write it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.db.tx import Tx
from app.ids import in_order
from app.library.kinds import FactSource
from app.library.repository import facts, items
from app.library.repository.facts import Facts
from app.library.repository.items import Link, NewItem, Place
from app.library.scan.grouping import Member


@dataclass(slots=True)
class Changes:
    """Empty but for `base` when the items are what the files say."""

    new: list[NewItem] = field(default_factory=list)
    base: dict[UUID, tuple[FactSource, Facts]] = field(default_factory=dict)
    """What names or tags say of items that exist."""
    placed: dict[UUID, Place] = field(default_factory=dict)
    """Items that exist and stand elsewhere now."""
    links: list[Link] = field(default_factory=list)
    unlinked: list[tuple[UUID, UUID]] = field(default_factory=list)
    external_ids: list[tuple[UUID, str, str, FactSource]] = field(default_factory=list)
    adopted: set[UUID] = field(default_factory=set)
    """Items of another library, whose files lie in this one now."""
    touched: set[UUID] = field(default_factory=set)
    """Items that exist and may be missing or present by this: old parents and new ones."""


@dataclass(frozen=True, slots=True)
class Built:
    new: int
    changed: list[UUID]
    """New ones too."""


More = Callable[[], Awaitable[Iterable[UUID]]]
"""Writes what only one kind of library has, and returns the items that it changed."""


async def write(
    tx: Tx, library_id: UUID, changes: Changes, returned_files: Sequence[UUID], more: More | None = None
) -> Built:
    """Write what has changed, and make present or missing what is so by it."""
    new = {item.id for item in changes.new}
    if changes.new:
        await items.add_items(tx, library_id, changes.new)
    if changes.placed:
        await items.place_items(tx, library_id, sorted(changes.placed.items()))
    if changes.unlinked:
        await items.unlink(tx, changes.unlinked)
    await _write_links(tx, changes.links, new)
    changed = {*new, *changes.placed, *await facts.put_base(tx, changes.base)}
    changed.update(item_id for item_id, _ in changes.unlinked)
    changed.update(link.item_id for link in changes.links)
    if changes.external_ids:
        changed.update(await items.put_external_ids(tx, changes.external_ids))
    if changes.adopted:
        changed.update(await items.adopt(tx, library_id, sorted(changes.adopted)))
    if more is not None:
        changed.update(await more())
    doubtful = {*changes.touched, *(item_id for item_id, _ in changes.unlinked)}
    doubtful.update(link.item_id for link in changes.links)
    doubtful -= new
    if doubtful or returned_files:
        changed.update(await items.refresh_states(tx, returned_files, in_order(doubtful)))
    return Built(len(new), in_order(changed))


async def _write_links(tx: Tx, links: list[Link], new: set[UUID]) -> None:
    fresh = [link for link in links if link.item_id in new]
    if fresh:
        await items.add_links(tx, fresh)
    if len(fresh) < len(links):
        await items.put_links(tx, [link for link in links if link.item_id not in new])


def link_of(item_id: UUID, member: Member) -> Link:
    return Link(
        item_id=item_id,
        file_id=member.file_id,
        role=member.role,
        extra_kind=member.extra_kind,
        version=member.version,
        edition=member.edition,
        part=member.part,
        position=member.position,
    )
