"""Which record of an NFO speaks of which item: several episodes in one file are several roots in its NFO. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.library.kinds import ItemKind
from app.library.nfo import NfoRecord
from app.library.sidecars.telling import fits


@dataclass(frozen=True, slots=True)
class Target:
    kind: ItemKind
    season: int | None = None
    number: int | None = None
    """Of an episode."""


def assign(
    records: Sequence[NfoRecord], targets: Sequence[UUID], known: Mapping[UUID, Target]
) -> list[tuple[UUID, NfoRecord]]:
    """Give each record to one item at most, and each item one record at most.

    By number where both have one; what is left goes by its order, because a show may be numbered otherwise where its
    NFO came from than on this disk.
    """
    left = [item_id for item_id in targets if item_id in known]
    given: list[tuple[UUID, NfoRecord]] = []
    waiting: list[NfoRecord] = []
    for record in records:
        numbered = (item_id for item_id in left if _is_of(record, known[item_id]))
        if (item_id := next(numbered, None)) is not None:
            given.append((item_id, record))
            left.remove(item_id)
        else:
            waiting.append(record)
    for record in waiting:
        fitting = (item_id for item_id in left if fits(record, known[item_id].kind))
        if (item_id := next(fitting, None)) is not None:
            given.append((item_id, record))
            left.remove(item_id)
    return given


def _is_of(record: NfoRecord, target: Target) -> bool:
    return (
        fits(record, target.kind)
        and record.episode is not None
        and record.episode == target.number
        and record.season in (None, target.season)
    )
