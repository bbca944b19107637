"""The files around the folders of shows → which series they belong to, and where in it each says it stands. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.library.naming import ParsedEpisode, parse_episode, readable, sort_key, title_key
from app.library.repository.facts import Facts
from app.library.repository.items import Link
from app.library.repository.shelf import UnitRow

MOST_EPISODES = 100
"""In one file. A name that claims more is misread, and would make an item for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The place of one episode in its series."""

    season: int
    number: int | None = None
    absolute: int | None = None
    """Counted over all seasons; then the season is only a guess."""
    aired: date | None = None
    key: str | None = None
    """What it is called, where nothing numbers it."""


@dataclass(slots=True)
class ShowFile:
    id: UUID
    path: bytes
    name: ParsedEpisode
    is_present: bool
    links: list[Link]
    """What it was taken for before."""


@dataclass(slots=True)
class Show:
    """A series as the names of these files have it."""

    key: str
    ids: dict[str, str]
    facts: Facts
    country: str | None
    episodes: list[ShowFile] = field(default_factory=list)
    extras: list[ShowFile] = field(default_factory=list)


def read_shows(unit: Iterable[UnitRow]) -> list[Show]:
    """Return the series in the order of their keys, those with ids first."""
    shows: dict[tuple[str, tuple[tuple[str, str], ...]], Show] = {}
    for file in read_files(unit):
        name = file.name
        key = series_key(name)
        show = shows.get((key, name.series_ids))
        if show is None:
            show = Show(key, dict(name.series_ids), series_facts(name), name.country)
            shows[key, name.series_ids] = show
        (show.episodes if name.extra is None else show.extras).append(file)
    return [show for (_, ids), show in sorted(shows.items(), key=lambda entry: (not entry[0][1], entry[0]))]


def read_files(unit: Iterable[UnitRow]) -> list[ShowFile]:
    """Return the files, those in folders of their series first: a folder spells a title better than a release does."""
    files: dict[UUID, ShowFile] = {}
    folders: dict[bytes, tuple[str, ...]] = {}
    for row in unit:
        file = files.get(row.file_id)
        if file is None:
            split = folders.get(row.folder)
            if split is None:
                split = folders[row.folder] = tuple(map(readable, row.folder.split(b"/"))) if row.folder else ()
            name = parse_episode(split, readable(row.name))
            file = files[row.file_id] = ShowFile(row.file_id, row.folder + b"/" + row.name, name, row.is_present, [])
        if row.link is not None:
            file.links.append(row.link)
    return sorted(files.values(), key=lambda file: (file.name.home == 0, file.path))


def series_key(name: ParsedEpisode) -> str:
    return f"{title_key(name.series)}|{name.series_year or ''}|{name.country or ''}"


def series_facts(name: ParsedEpisode) -> Facts:
    title = name.series if name.country is None else f"{name.series} ({name.country})"
    return Facts(title=title, sort_title=sort_key(title), year=name.series_year)


def slots_of(name: ParsedEpisode) -> list[Slot]:
    """Return the places that a file takes in its series.

    A number that counts over all seasons belongs to the season that the folder or the title names, else to the first.
    A day belongs to its year, and what nothing numbers stands, by its title, among the others of its folder.
    """
    special = 0 if name.is_special else None
    season = name.season if name.season is not None else special
    if name.first is not None:
        return [Slot(season=1 if season is None else season, number=n) for n in _bounded(name.first, name.last)]
    if name.absolute is not None:
        numbers = _bounded(*name.absolute)
        if season is None:
            return [Slot(season=1, number=n, absolute=n) for n in numbers]
        return [Slot(season=season, number=n) for n in numbers]
    if name.aired is not None:
        return [Slot(season=name.aired.year if season is None else season, aired=name.aired)]
    return [Slot(season=1 if season is None else season, key=title_key(name.title or unnumbered(name)))]


def unnumbered(name: ParsedEpisode) -> str:
    """Return what an episode is called that has neither title nor number: a film in its series' folder, most often."""
    return "Disc" if name.is_disc else name.series


def _bounded(first: int, last: int | None) -> range:
    return range(first, min(max(last or first, first), first + MOST_EPISODES - 1) + 1)


def episode_facts(season: int, number: int | None, aired: date | None, title: str | None) -> Facts:
    """Return what an episode is called: by its own title, else by its number or day. One of them is there."""
    if title is None and number is None and aired is not None:
        title = aired.isoformat()
    if title is None:
        title = f"{'Special' if season == 0 else 'Episode'} {number}"
    order = sort_key(title)
    return Facts(title=title, sort_title=order if aired is None else f"{aired.isoformat()} {order}", released_on=aired)


def season_facts(number: int) -> Facts:
    title = "Specials" if number == 0 else f"Season {number}"
    return Facts(title=title, sort_title=sort_key(title))
