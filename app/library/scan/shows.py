"""Shows: series, seasons and episodes, against what their files were taken for before.

What a name numbers is what it is: a file that says another episode than before is that episode. Where no other file
made the old one, the item is renumbered and keeps what hangs on it; else the file leaves it, and an episode that nobody
is left of goes missing. A series whose files all call it otherwise is renamed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.kinds import FactSource, FileRole, ItemKind
from app.library.repository import shelf
from app.library.repository.items import Link, NewItem, Place
from app.library.repository.shelf import Called, Child, Parent
from app.library.scan.grouping import Member, in_order
from app.library.scan.known import Known
from app.library.scan.shelving import Changes, link_of
from app.library.scan.show_files import (
    Show,
    ShowFile,
    Slot,
    episode_facts,
    read_shows,
    season_facts,
    slots_of,
)
from app.library.threads import in_thread

NAME = FactSource.NAME
MAIN = FileRole.MAIN
EXTRA = FileRole.EXTRA


@dataclass(slots=True)
class Shelf:
    """What is recorded of the series concerned."""

    series: list[Parent] = field(default_factory=list)
    children: dict[UUID, list[Child]] = field(default_factory=dict)
    links: dict[UUID, list[Link]] = field(default_factory=dict)
    """Of episodes."""
    by_id: dict[UUID, Child] = field(default_factory=dict)
    """All children."""
    series_of: dict[UUID, UUID] = field(default_factory=dict)
    """Of items that are linked: the topmost item above."""


async def plan_shows(tx: Tx, library_id: UUID, anchor_ids: Sequence[UUID]) -> Changes:
    """Return what to write so that the shows around these anchors are what their files say."""
    unit = await shelf.unit_rows(tx, anchor_ids)
    shows = await in_thread(lambda: read_shows(unit))
    found = await _load(tx, library_id, shows)
    return await in_thread(lambda: ShowPlanner(library_id, shows, found).plan())


async def _load(tx: Tx, library_id: UUID, shows: Sequence[Show]) -> Shelf:
    linked = {link.item_id for show in shows for file in (*show.episodes, *show.extras) for link in file.links}
    line = await shelf.ancestors(tx, linked)
    series_of = {item_id: _topmost(line, item_id) for item_id in linked}
    called = Called(
        frozenset(show.key for show in shows),
        frozenset(chain.from_iterable(show.ids.items() for show in shows)),
        frozenset(series_of.values()),
    )
    series = await shelf.parents(tx, library_id, ItemKind.SERIES, called)
    seasons = await shelf.children(tx, [one.id for one in series])
    episodes = await shelf.children(tx, [season.id for season in seasons])
    children: defaultdict[UUID, list[Child]] = defaultdict(list)
    for child in (*seasons, *episodes):
        children[child.parent_id].append(child)
    links: defaultdict[UUID, list[Link]] = defaultdict(list)
    for link in await shelf.links_of(tx, [episode.id for episode in episodes]):
        links[link.item_id].append(link)
    return Shelf(series, children, links, {child.id: child for child in (*seasons, *episodes)}, series_of)


def _topmost(line: dict[UUID, UUID | None], item_id: UUID) -> UUID:
    while (above := line.get(item_id)) is not None:
        item_id = above
    return item_id


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


class ShowPlanner:
    """Decides, without looking at anything but what it is given."""

    def __init__(self, library_id: UUID, shows: Sequence[Show], found: Shelf) -> None:
        self._library_id = library_id
        self._shows = shows
        self._shelf = found
        self._known = Known(series for series in found.series if series.library_id == library_id)
        self._files = {file.id for show in shows for file in show.episodes}
        self._taken: set[UUID] = set()
        """Items that some file is of, now."""
        self._changes = Changes()

    def plan(self) -> Changes:
        resolved = [(show, self._series(show)) for show in self._shows]
        plans: dict[UUID, SeriesPlan] = {}
        for show, series in resolved:
            if series is not None:
                if series.id not in plans:
                    plans[series.id] = SeriesPlan(series, self._shelf, self._changes)
                plans[series.id].want(show)
        for plan in plans.values():
            self._taken.update(plan.taken())
        for plan in plans.values():
            plan.settle(self._reuse)
        for plan in plans.values():
            plan.write()
        self._adopt(plans)
        self._part(plans.values())
        return self._changes

    # -- series

    def _series(self, show: Show) -> Parent | None:
        """Return the series that these files are of; None when there are only extras of nothing."""
        series = self._known.find(show.key, show.ids)
        if series is None:
            if not show.episodes:
                return None
            series = self._renamed(show) or self._new_series(show)
        if not series.is_new and series.id not in self._changes.base and show.episodes:
            self._changes.base[series.id] = (NAME, show.facts)
        for provider, value in self._known.learn(series, show.ids).items():
            self._changes.external_ids.append((series.id, provider, value, NAME))
        return series

    def _new_series(self, show: Show) -> Parent:
        series = Parent(uuid7(), ItemKind.SERIES, None, show.key, {}, is_new=True, library_id=self._library_id)
        place = Place(name_key=show.key, country=show.country)
        is_present = any(file.is_present for file in show.episodes)
        self._changes.new.append(NewItem(series.id, ItemKind.SERIES, place, show.facts, NAME, is_present))
        self._known.add(series)
        return series

    def _renamed(self, show: Show) -> Parent | None:
        """Return the series that all these files were of, if no other file is of it: it is called otherwise now."""
        before = {self._shelf.series_of[link.item_id] for file in show.episodes for link in file.links}
        if len(before) != 1:
            return None
        series = next((one for one in self._shelf.series if one.id in before), None)
        wanted = {other.key for other in self._shows if other is not show}
        if series is None or series.name_key in wanted or not self._files_of(series) <= {f.id for f in show.episodes}:
            return None
        if series.library_id == self._library_id:
            self._known.rename(series, show.key)
        else:
            series.name_key = show.key
            self._known.add(series)
        self._changes.placed[series.id] = Place(name_key=show.key, country=show.country)
        return series

    def _files_of(self, series: Parent) -> set[UUID]:
        episodes = chain.from_iterable(
            self._shelf.children.get(s.id, ()) for s in self._shelf.children.get(series.id, ())
        )
        links = chain.from_iterable(self._shelf.links.get(episode.id, ()) for episode in episodes)
        return {link.file_id for link in links if link.role != EXTRA}

    def _adopt(self, plans: dict[UUID, "SeriesPlan"]) -> None:
        """A series that moved in from another library brings what is below it along."""
        for plan in plans.values():
            if plan.series.library_id != self._library_id:
                for season in self._shelf.children.get(plan.series.id, ()):
                    for child in (season, *self._shelf.children.get(season.id, ())):
                        self._changes.placed.setdefault(child.id, place_of(child))

    # -- episodes

    def _reuse(self, episode: Episode) -> Child | None:
        """Return the item that the files of a new episode were of before, if they alone made it."""
        for file in episode.files:
            for link in file.links:
                child = self._shelf.by_id.get(link.item_id)
                if (
                    child is None
                    or child.kind != ItemKind.EPISODE
                    or child.id in self._taken
                    or "number" in child.locked
                ):
                    continue
                mains = {other.file_id for other in self._shelf.links.get(child.id, ()) if other.role != EXTRA}
                if link.role != EXTRA and mains <= self._files:
                    self._taken.add(child.id)
                    return child
        return None

    def _part(self, plans: Iterable["SeriesPlan"]) -> None:
        """Part files from what they were taken for and are not."""
        wanted = {(link.item_id, link.file_id) for plan in plans for link in plan.links}
        held = {file_id for plan in plans for file_id in plan.held}
        for show in self._shows:
            for file in (*show.episodes, *show.extras):
                if file.id not in held:
                    gone = [(link.item_id, file.id) for link in file.links if (link.item_id, file.id) not in wanted]
                    self._changes.unlinked += gone


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
        facts = episode_facts(slot.season, slot.number, episode.aired, title)
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
            Member(file.id, MAIN, version=file.name.version, edition=file.name.edition, part=file.name.part)
            for file in episode.files
        ]
        others = [
            Member(link.file_id, MAIN, version=link.version, edition=link.edition, part=link.part) for link in outside
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


def place_of(child: Child) -> Place:
    return Place(
        parent_id=child.parent_id, number=child.number, absolute_number=child.absolute_number, name_key=child.name_key
    )
