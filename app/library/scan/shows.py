"""Shows: series, seasons and episodes, against what their files were taken for before.

What a name numbers is what it is: a file that says another episode than before is that episode. Where no other file
made the old one, the item is renumbered and keeps what hangs on it; else the file leaves it, and an episode that nobody
is left of goes missing. A series whose files all call it otherwise is renamed.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.kinds import ItemKind
from app.library.repository import shelf
from app.library.repository.items import NewItem, Place
from app.library.repository.shelf import Child, Parent
from app.library.scan.known import Known
from app.library.scan.series_plan import EXTRA, NAME, Episode, SeriesPlan
from app.library.scan.shelving import Changes
from app.library.scan.show_files import (
    Show,
    read_shows,
)
from app.library.scan.show_shelf import Shelf, load_shelf, place_of
from app.library.threads import in_thread


async def plan_shows(tx: Tx, library_id: UUID, anchor_ids: Sequence[UUID]) -> Changes:
    """Return what to write so that the shows around these anchors are what their files say."""
    unit = await shelf.unit_rows(tx, anchor_ids)
    shows = await in_thread(lambda: read_shows(unit))
    found = await load_shelf(tx, library_id, shows)
    return await in_thread(lambda: ShowPlanner(library_id, shows, found).plan())


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
