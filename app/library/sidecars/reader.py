"""One folder's side files → what they say, kept: whose subtitles, whose pictures, and what NFO say of items.

States of a folder here: asked for → read, or asked for again while it was read, and then read again. Files are looked
into in batches, each committed with what it said, so a job that is killed goes on where it was; a file that has not
changed since, and speaks of the same items, is not looked into again. The last transaction completes the job.
"""

import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import structlog

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobSnooze
from app.library.kinds import FactSource, ItemKind, LibraryKind, SideFileKind
from app.library.naming import readable
from app.library.nfo import NfoRecord
from app.library.paths import display_path, join
from app.library.repository import descriptions, facts, side_answers, side_readings
from app.library.repository.side_readings import FolderPlace, MediaRow, SideRow
from app.library.service import LibraryService
from app.library.sidecars.assigning import Target, assign
from app.library.sidecars.halves import Halves
from app.library.sidecars.looking import Look, RootAway, look
from app.library.sidecars.owners import MOST, owner_of
from app.library.sidecars.pairing import Owner, Pairs, home_of, pair
from app.library.sidecars.requests import SideFileRequests
from app.library.sidecars.telling import description_of, facts_of
from app.library.threads import in_thread

log = structlog.get_logger("library.side_files")

BATCH = 100
"""Files looked into before what they said is committed."""

OFFLINE = timedelta(minutes=1)

_WORDS = (SideFileKind.SUBTITLE, SideFileKind.LYRICS)

Complete = Callable[[Tx], Awaitable[object]]


@dataclass(slots=True)
class _Reading:
    folder_id: UUID
    place: FolderPlace
    sides: dict[UUID, SideRow]
    pairs: Pairs
    halves: Halves
    targets: dict[UUID, Target] = field(default_factory=dict)
    """Every item that an NFO in this folder may speak of."""

    def unread(self) -> list[SideRow]:
        """Return what is to be looked into: new, changed, or now of other items or files than when it was read."""
        pictures = {shown.side_id for shown in self.pairs.images}
        return [
            side
            for side in self.sides.values()
            if (side.id in pictures and not side.is_read)
            or (
                side.id in self.pairs.nfos and (not side.is_read or set(side.read_for) != set(self.pairs.nfos[side.id]))
            )
            or self.halves.wants(side)
        ]

    def told(self) -> list[tuple[UUID, UUID | None, str | None, str | None, str]]:
        """Return what the names of subtitles and lyrics say. Those of nobody say nothing, also when they once did."""
        found = {words.side_id: words for words in self.pairs.words if self.halves.is_shown(self.sides[words.side_id])}
        silent = [side.id for side in self.sides.values() if side.kind in _WORDS and side.id not in found]
        return [
            *((one.side_id, one.file_id, one.language, one.title, ",".join(one.flags)) for one in found.values()),
            *((side_id, None, None, None, "") for side_id in silent),
        ]


class SideFileReader:
    def __init__(self, transactions: Transactions, service: LibraryService, requests: SideFileRequests) -> None:
        self._transactions = transactions
        self._service = service
        self._requests = requests

    async def read(self, folder_id: UUID, complete: Complete) -> None:
        """Read what changed in a folder; `complete` ends the job in the last transaction.

        Raises:
            JobSnooze: the disk is away.
        """
        async with self._transactions.begin() as tx:
            reading = await self._open(tx, folder_id)
            if reading is None:
                await complete(tx)
                return
        unread = reading.unread()
        for start in range(0, len(unread), BATCH):
            looks = await self._look(reading, unread[start : start + BATCH])
            async with self._transactions.begin() as tx:
                await self._keep(tx, reading, looks)
        async with self._transactions.begin() as tx:
            await self._finish(tx, reading, complete)

    async def _open(self, tx: Tx, folder_id: UUID) -> _Reading | None:
        place = await side_readings.place_of(tx, folder_id)
        if place is None:
            return None
        sides = await side_readings.side_rows(tx, folder_id)
        home, folders = home_of(place.path)
        media = await side_readings.media_in(tx, folder_id, home)
        kind = LibraryKind(place.library_kind)
        owner = await self._owner(tx, folder_id, home, kind, sides)
        folder = readable(home.rpartition(b"/")[2])
        pairing = functools.partial(pair, sides, media, owner, kind=kind, folder=folder, folders=folders)
        targets = {row.item_id: _target(row) for row in media if row.item_id is not None}
        if owner is not None:
            targets |= _owned(owner)
        pairs = await in_thread(pairing)
        return _Reading(folder_id, place, {side.id: side for side in sides}, pairs, Halves(sides), targets)

    async def _owner(
        self, tx: Tx, folder_id: UUID, home: bytes, kind: LibraryKind, sides: Sequence[SideRow]
    ) -> Owner | None:
        if not home or not any(side.kind in (SideFileKind.ARTWORK, SideFileKind.NFO) for side in sides):
            return None  # the root itself is about nothing
        below = await side_readings.media_below(tx, folder_id, home, MOST + 1)
        owner = owner_of(home, below, kind)
        if owner is None or owner.kind is not ItemKind.SERIES:
            return owner
        seasons = await side_readings.seasons_of(tx, owner.id)
        return Owner(owner.id, owner.kind, owner.parent_id, tuple(sorted(seasons.items())))

    async def _look(self, reading: _Reading, sides: Sequence[SideRow]) -> list[Look]:
        place = reading.place

        def look_into() -> list[Look]:
            found = [look(place.root, place.path, side) for side in sides]
            return [reading.halves.joined(one) for one in found if one is not None]

        try:
            return await in_thread(look_into)
        except RootAway:
            raise JobSnooze(OFFLINE) from None

    async def _keep(self, tx: Tx, reading: _Reading, looks: Sequence[Look]) -> None:
        """Commit what a batch of files said."""
        said: dict[UUID, NfoRecord] = {}
        given: dict[UUID, list[UUID]] = {}
        for one in looks:
            reading.sides[one.side.id] = replace(one.side, problem=one.problem)
            if one.problem is not None:
                shown = display_path(join(reading.place.path, one.side.name))
                log.warning("side file has a problem", file=shown, problem=one.problem)
            if one.nfo is not None:
                targets = reading.pairs.nfos[one.side.id]
                given[one.side.id] = list(targets)
                said.update(assign(one.nfo.records, targets, reading.targets))
        changed = await facts.apply_many(tx, FactSource.NFO, {item: facts_of(record) for item, record in said.items()})
        if said:
            await descriptions.describe(
                tx, FactSource.NFO, {item: description_of(record) for item, record in said.items()}
            )
        await side_answers.keep_read(tx, [_row(one) for one in looks])
        await side_answers.keep_tracks(tx, reading.halves.told(looks))
        if given:
            await side_answers.keep_read_for(tx, given)
        await self._service.announce_changed(tx, sorted({*changed, *said}))

    async def _finish(self, tx: Tx, reading: _Reading, complete: Complete) -> None:
        asked_at = await side_readings.lock_reading(tx, reading.folder_id)
        if asked_at is not None:
            await side_answers.keep_words(tx, reading.told())
            wanted = [
                (shown.item_id, shown.role.value, shown.side_id, shown.position) for shown in reading.pairs.images
            ]
            changed = await side_answers.put_images(tx, reading.folder_id, wanted)
            silent = await self._take_back(tx, reading)
            await self._service.announce_changed(tx, sorted({*changed, *silent}))
        # The job first: while it runs, another reading of the folder is the same job and would not be inserted.
        await complete(tx)
        if asked_at == reading.place.asked_at:
            await side_readings.end_reading(tx, reading.folder_id)
        elif asked_at is not None:
            await self._requests.insert(tx, [reading.folder_id])

    async def _take_back(self, tx: Tx, reading: _Reading) -> list[UUID]:
        """Forget what an NFO said of items that none speaks of any more: it was deleted, or is another's now."""
        before = {item_id for side in reading.sides.values() for item_id in side.read_for}
        spoken = await descriptions.spoken_of(tx, FactSource.NFO, sorted(before | set(reading.targets)))
        silent = sorted(set(spoken) - await side_answers.still_read_for(tx, spoken)) if spoken else []
        if silent:
            await facts.apply_many(tx, FactSource.NFO, dict.fromkeys(silent))
            await descriptions.describe(tx, FactSource.NFO, dict.fromkeys(silent))
        return silent


def _target(row: MediaRow) -> Target:
    season = row.parent_number if row.parent_kind == ItemKind.SEASON else None
    return Target(ItemKind(row.item_kind or ""), season, row.number)


def _owned(owner: Owner) -> dict[UUID, Target]:
    found = {season_id: Target(ItemKind.SEASON, number=number) for number, season_id in owner.seasons}
    if owner.parent_id is not None and owner.kind is ItemKind.ALBUM:
        found[owner.parent_id] = Target(ItemKind.ARTIST)
    return {**found, owner.id: Target(owner.kind)}


def _row(one: Look) -> tuple[object, ...]:
    picture = one.picture
    shown = (None, None, None) if picture is None else (picture.media_type, picture.width, picture.height)
    return one.side.id, one.size, one.mtime_ns, *shown, one.problem
