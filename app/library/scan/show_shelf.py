"""What is recorded of the series that some files may be of: what they are compared with."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import ItemKind
from app.library.repository import shelf
from app.library.repository.items import Link, Place
from app.library.repository.shelf import Called, Child, Parent
from app.library.scan.show_files import (
    Show,
)


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


async def load_shelf(tx: Tx, library_id: UUID, shows: Sequence[Show]) -> Shelf:
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


def place_of(child: Child) -> Place:
    return Place(
        parent_id=child.parent_id, number=child.number, absolute_number=child.absolute_number, name_key=child.name_key
    )
