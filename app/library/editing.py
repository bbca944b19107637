"""What an administrator says of an item outranks every source and outlives every scan, until it is taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from app.db.tx import Tx
from app.errors import InvalidInput
from app.library.errors import ItemNotFound
from app.library.kinds import FactSource, LabelKind
from app.library.naming import sort_key
from app.library.repository import edits
from app.library.repository.facts import COLUMNS, apply_facts
from app.library.service import LibraryService

LOCKABLE = (*COLUMNS, "number", "files")
"""What may be kept as it is, whoever says what: what an item is called and when it came out, its number among the
children of its parent, and which files it is made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEdit:
    """What is not in here stays as it is; None takes one's word back, so that the next source's shows."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of `COLUMNS`."""
    texts: Mapping[str, str | None] = field(default_factory=dict)
    """plot, outline, tagline."""
    labels: Mapping[LabelKind, Sequence[str] | None] = field(default_factory=dict)
    certifications: Mapping[str, str] | msgspec.UnsetType | None = msgspec.UNSET
    """By country; an empty name where none is meant."""
    locked: Sequence[str] | None = None
    """All that is to be locked from now on; None: as before."""

    @property
    def fields(self) -> list[str]:
        """What was touched, for the book."""
        more = {"certifications": self.certifications is not msgspec.UNSET, "locked": self.locked is not None}
        return sorted([*self.facts, *self.texts, *self.labels, *(name for name, given in more.items() if given)])


class ItemEditor:
    def __init__(self, service: LibraryService) -> None:
        self._service = service

    async def lock(self, tx: Tx, item_id: UUID) -> None:
        """Let nobody else edit this item until the transaction ends: what is read of it now is what will be changed.

        Raises:
            ItemNotFound.
        """
        if await edits.lock(tx, item_id) is None:
            raise ItemNotFound(item_id)

    async def edit(self, tx: Tx, item_id: UUID, edit: ItemEdit) -> None:
        """Say something of an item, take it back, lock what is shown, unlock it.

        Raises:
            ItemNotFound.
            InvalidInput: a field makes no sense.
        """
        before = await edits.lock(tx, item_id)
        if before is None:
            raise ItemNotFound(item_id)
        locked = before if edit.locked is None else _checked_locks(edit.locked)
        # A lock is against others: what is said here is shown, and locked again after that.
        open_ = {*edit.facts, *(("sort_title",) if "title" in edit.facts else ())}
        await edits.keep_locks(tx, item_id, [name for name in before if name not in open_ and name in locked])
        unlocked = set(before) - set(locked)
        if edit.facts or not unlocked.isdisjoint(COLUMNS):
            said = msgspec.structs.replace(await edits.facts_of(tx, item_id), **_checked_facts(edit.facts))
            await apply_facts(tx, item_id, FactSource.USER, said)
        if edit.texts:
            await edits.put_texts(tx, item_id, edit.texts)
        for kind, names in edit.labels.items():
            await edits.put_labels(tx, item_id, kind, names or ())
        if not isinstance(edit.certifications, msgspec.UnsetType):
            await edits.put_certifications(tx, item_id, edit.certifications or {})
        await edits.keep_locks(tx, item_id, locked)
        await self._service.announce_changed(tx, [item_id])


def _checked_locks(locked: Sequence[str]) -> list[str]:
    if unknown := sorted(set(locked) - set(LOCKABLE)):
        raise InvalidInput("locked", f"{unknown[0]!r} cannot be locked; what can: {', '.join(LOCKABLE)}")
    return [name for name in LOCKABLE if name in locked]


def _checked_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(facts)
    for name in ("title", "sort_title", "original_title"):
        if (text := said.get(name)) is not None:
            said[name] = " ".join(text.split())
            if not said[name] or not said[name].isprintable():
                raise InvalidInput(name, "must have a printable character")
    if said.get("sort_title") is not None:
        said["sort_title"] = sort_key(said["sort_title"])
    return said
