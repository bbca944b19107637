"""Which of what a source tells of is which of ours: by season and number, by count, by day. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from app.library.kinds import ItemKind
from app.metadata.records import Apart, Child, Record
from app.metadata.repository import Below


def assign(record: Record, below: Sequence[Below]) -> dict[Below, Child]:
    """Say which child is which item: by season and number, else by the number over all seasons, else by the day.

    What is numbered over all seasons stands in a first season of ours with all others, so its own number counts first.
    """
    places: dict[tuple[ItemKind, int | None, int | None], Child] = {}
    for told in record.children:
        if told.number is not None:
            places.setdefault((told.kind, None if told.kind is ItemKind.SEASON else told.season, told.number), told)
    absolute, days = _absolute(record), _days(record)
    found: dict[Below, Child] = {}
    for one in below:
        match one.kind:
            case ItemKind.SEASON:
                child = places.get((one.kind, None, one.number))
            case ItemKind.TRACK:
                child = places.get((one.kind, one.season or 1, one.number))
            case _:
                child = None if one.absolute is None else absolute.get(one.absolute)
                child = child or (None if one.season is None else places.get((one.kind, one.season, one.number)))
                child = child or (None if one.aired is None else days.get(one.aired))
        if child is not None:
            found[one] = child
    return found


def unsaid(record: Record, below: Sequence[Below], told: Mapping[Below, Child]) -> list[Below]:
    """Return those of which this record should have told and does not: the source knows nothing of them.

    Those that are told of with another season are not among them.
    """
    if record.kind is ItemKind.SEASON:
        numbers = {child.season for child in record.children}
        counted = [child.absolute for child in record.children if child.absolute is not None]
        return [
            one
            for one in below
            if one not in told
            and one.season in numbers
            and (one.absolute is None or not counted or min(counted) <= one.absolute <= max(counted))
        ]
    return [one for one in below if one not in told and not _is_apart(one, record.seasons_apart)]


def _is_apart(one: Below, apart: Sequence[Apart]) -> bool:
    if one.absolute is not None and any(season.episodes is not None for season in apart):
        return season_of(one.absolute, apart) is not None
    return one.season in {season.number for season in apart}


def seasons_to_ask_for(record: Record, below: Sequence[Below]) -> tuple[set[int], set[int]]:
    """Return which of the seasons that are told of apart are ours, and in which of them there is what we have only
    counted over all seasons."""
    apart = {season.number for season in record.seasons_apart}
    ours = {one.season for one in below if one.kind is ItemKind.SEASON and one.season is not None} & apart
    counted = {
        season
        for one in below
        if one.kind is ItemKind.EPISODE and one.absolute is not None
        if (season := season_of(one.absolute, record.seasons_apart)) is not None
    }
    return ours, counted


def season_of(absolute: int, apart: Sequence[Apart]) -> int | None:
    """Return in which season an episode is that was counted over all of them, specials left out; None: in none."""
    for season in sorted(apart, key=lambda one: one.number):
        if season.number and season.episodes is not None:
            if 0 < absolute <= season.episodes:
                return season.number
            absolute -= season.episodes
    return None


def _absolute(record: Record) -> Mapping[int, Child]:
    """Count episodes over all seasons, specials left out, where the source does not; only a record that holds all of
    them can be counted."""
    regular = [one for one in record.children if one.kind is ItemKind.EPISODE and one.season and one.number]
    said = {one.absolute: one for one in regular if one.absolute is not None}
    if record.seasons_apart or record.kind is not ItemKind.SERIES:
        return said
    regular.sort(key=lambda one: (one.season or 0, one.number or 0))
    return dict(enumerate(regular, 1)) | said


def _days(record: Record) -> Mapping[date, Child]:
    """Two episodes of one day are told apart by nothing."""
    found: dict[date, list[Child]] = {}
    for one in record.children:
        if one.kind is ItemKind.EPISODE and one.aired is not None:
            found.setdefault(one.aired, []).append(one)
    return {day: children[0] for day, children in found.items() if len(children) == 1}
