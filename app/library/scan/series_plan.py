"""One series: which episodes its files are, and what is to be written of it, its seasons and its episodes."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from app.ids import uuid7
from app.library.kinds import FactSource, FileRole, ItemKind
from app.library.repository.items import Link, NewItem, Place
from app.library.repository.shelf import Child, Parent
from app.library.scan.grouping import Member, in_order
from app.library.scan.shelving import Changes, link_of
from app.library.scan.show_files import (
    Show,
    ShowFile,
    Slot,
    episode_facts,
    season_facts,
    slots_of,
    unnumbered,
)
from app.library.scan.show_shelf import Shelf

NAME = FactSource.NAME
MAIN = FileRole.MAIN
EXTRA = FileRole.EXTRA


@dataclass(slots=True)
class Episode:
    slot: Slot
    aired: date | None = None
    """As its files say; the slot's may be a source's."""
    child: Child | None = None
    item_id: UUID | None = None
    """None until it is known whether an item is there that it was before."""
    files: list[ShowFile] = field(default_factory=list)

    @property
    def is_present(self) -> bool:
        return any(file.is_present for file in self.files)


class Episodes:
    """The episodes of one series, found by season and number, over all, by day or by title."""

    def __init__(self) -> None:
        self.by_number: dict[tuple[int, int], Episode] = {}
        self.by_absolute: dict[int, Episode] = {}
        self.by_day: dict[date, Episode] = {}
        self.by_key: dict[tuple[int, str], Episode] = {}

    def add(self, episode: Episode) -> None:
        slot = episode.slot
        if slot.number is not None:
            self.by_number.setdefault((slot.season, slot.number), episode)
        if slot.absolute is not None:
            self.by_absolute.setdefault(slot.absolute, episode)
        if slot.aired is not None:
            self.by_day.setdefault(slot.aired, episode)
        if slot.key is not None:
            self.by_key.setdefault((slot.season, slot.key), episode)

    def find(self, slot: Slot) -> Episode | None:
        found = None
        if slot.absolute is not None:
            found = self.by_absolute.get(slot.absolute)
        if found is None and slot.number is not None:
            return self.by_number.get((slot.season, slot.number))
        if slot.aired is not None:
            return self.by_day.get(slot.aired)
        return found or self.by_key.get((slot.season, slot.key or ""))


class SeriesPlan:
    """One series: which episodes its files are, and what is to be written of them."""

    def __init__(self, series: Parent, found: Shelf, changes: Changes) -> None:
        self.series = series
        self.links: list[Link] = []
        """As they are to be, for the files at hand."""
        self.held: set[UUID] = set()
        """Files that a person has put where they are."""
        self._shelf = found
        self._changes = changes
        self._seasons: dict[int, UUID] = {}
        self._new_seasons: dict[int, UUID] = {}
        self._made: set[UUID] = set()
        self._episodes = Episodes()
        self._wanted: dict[int, Episode] = {}
        self._extras: list[ShowFile] = []
        for season in found.children.get(series.id, ()):
            number = season.number if season.number is not None else 1
            self._seasons.setdefault(number, season.id)
            for child in found.children.get(season.id, ()):
                slot = Slot(
                    season=number, number=child.number, absolute=child.absolute_number, aired=child.aired,
                    key=child.name_key,
                )  # fmt: skip
                self._episodes.add(Episode(slot, child=child, item_id=child.id))

    def want(self, show: Show) -> None:
        """Find the episodes that these files are, or note that there are to be new ones."""
        for file in show.episodes:
            if self._is_held(file):
                self.held.add(file.id)
                continue
            for slot in slots_of(file.name):
                episode = self._episodes.find(slot)
                if episode is None:
                    episode = Episode(slot)
                elif slot.absolute is not None and episode.slot.absolute is None:
                    episode.slot = replace(episode.slot, absolute=slot.absolute)
                self._episodes.add(episode)
                episode.aired = episode.aired or slot.aired
                if not episode.files or episode.files[-1] is not file:
                    episode.files.append(file)
                self._wanted[id(episode)] = episode
        self._extras += show.extras

    def _is_held(self, file: ShowFile) -> bool:
        if not file.links:
            return False
        linked = (self._shelf.by_id.get(link.item_id) for link in file.links)
        return any(child is not None and "files" in child.locked for child in linked)

    def taken(self) -> set[UUID]:
        return {episode.item_id for episode in self._wanted.values() if episode.item_id is not None}

    def settle(self, reuse: Callable[[Episode], Child | None]) -> None:
        """Give every episode its item: the one that its files were of, or a new one."""
        for episode in self._wanted.values():
            if episode.item_id is None:
                episode.child = reuse(episode)
                episode.item_id = uuid7() if episode.child is None else episode.child.id

    # -- writing

    def write(self) -> None:
        for episode in self._wanted.values():
            self._write_episode(episode)
        present = {episode.slot.season for episode in self._wanted.values() if episode.is_present}
        for number, season_id in self._new_seasons.items():
            place = Place(parent_id=self.series.id, number=number)
            self._changes.new.append(
                NewItem(season_id, ItemKind.SEASON, place, season_facts(number), NAME, number in present)
            )
        if self._new_seasons and not self.series.is_new:
            self._changes.touched.add(self.series.id)
        for position, file in enumerate(self._extras):
            self._write_extra(file, position)

    def _season(self, number: int) -> UUID:
        if number not in self._seasons:
            self._seasons[number] = self._new_seasons[number] = uuid7()
            self._made.add(self._seasons[number])
        return self._seasons[number]

    def _write_episode(self, episode: Episode) -> None:
        slot, child, item_id = episode.slot, episode.child, episode.item_id
        if item_id is None:
            raise RuntimeError("an episode was written before it was settled")
        season_id = self._season(slot.season)
        place = Place(parent_id=season_id, number=slot.number, absolute_number=slot.absolute, name_key=slot.key)
        title = next((file.name.title for file in episode.files if file.name.title), None)
        called = title
        if title is None and slot.number is None and episode.aired is None:
            called = unnumbered(episode.files[0].name)
        facts = episode_facts(slot.season, slot.number, episode.aired, called)
        if child is None:
            self._changes.new.append(NewItem(item_id, ItemKind.EPISODE, place, facts, NAME, episode.is_present))
            if season_id not in self._made:
                self._changes.touched.add(season_id)
        else:
            self._update_episode(child, place)
            if title is not None or not self._outside(episode):
                self._changes.base[item_id] = (NAME, facts)
        self._link(episode, item_id)

    def _update_episode(self, child: Child, place: Place) -> None:
        is_moved = child.parent_id != place.parent_id
        if is_moved or (child.number, child.absolute_number, child.name_key) != (
            place.number, place.absolute_number, place.name_key,
        ):  # fmt: skip
            self._changes.placed[child.id] = place
        if is_moved:
            self._changes.touched.add(child.parent_id)
            if place.parent_id is not None and place.parent_id not in self._made:
                self._changes.touched.add(place.parent_id)

    def _outside(self, episode: Episode) -> list[Link]:
        """Return how files that lie elsewhere, and are not at hand, are linked to an episode."""
        at_hand = {file.id for file in episode.files}
        links = self._shelf.links.get(episode.item_id, ()) if episode.item_id else ()
        return [link for link in links if link.role != EXTRA and link.file_id not in at_hand]

    def _link(self, episode: Episode, item_id: UUID) -> None:
        outside = self._outside(episode)
        before = {link.file_id: link for link in self._shelf.links.get(item_id, ())}
        mine = [
            Member(
                file.id,
                FileRole.DISC if file.name.is_disc else MAIN,
                version=file.name.version,
                edition=file.name.edition,
                part=file.name.part,
            )
            for file in episode.files
        ]
        others = [
            Member(link.file_id, FileRole(link.role), version=link.version, edition=link.edition, part=link.part)
            for link in outside
        ]
        for member in in_order(mine, others):
            link = link_of(item_id, member)
            self.links.append(link)
            if before.get(member.file_id) != link:
                self._changes.links.append(link)

    def _write_extra(self, file: ShowFile, position: int) -> None:
        season = self._seasons.get(file.name.season) if file.name.season is not None else None
        member = Member(file.id, EXTRA, extra_kind=file.name.extra, position=position)
        link = link_of(season or self.series.id, member)
        self.links.append(link)
        if link not in file.links:
            self._changes.links.append(link)
