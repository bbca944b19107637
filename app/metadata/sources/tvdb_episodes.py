"""TheTVDB's seasons, episodes and orders → ours. Pure and total, as `reading` is.

Every order ("season type") of a series is a whole of its own there, with seasons and numbers of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from app.library.descriptions import Description, Details, RemoteImage, Texts
from app.library.kinds import ImageRole, ItemKind
from app.library.repository.facts import Facts
from app.metadata.kinds import EpisodeOrder
from app.metadata.records import Child, Locale, Order
from app.metadata.sources import reading

AIRED = "official"

_TYPES = {
    "absolute": EpisodeOrder.ABSOLUTE, "dvd": EpisodeOrder.DVD, "altdvd": EpisodeOrder.DVD,
    "alternate": EpisodeOrder.ALTERNATE, "regional": EpisodeOrder.REGIONAL,
}  # fmt: skip


def orders(series: Any) -> tuple[Order, ...]:
    """Return the orders besides the aired one, as they come with a series."""
    found: dict[str, Order] = {}
    for one in reading.items(series, "seasonTypes"):
        name = reading.identifier(one, "type")
        if name is not None and (kind := _TYPES.get(name)) is not None:
            shown = reading.text(one, "alternateName") or reading.text(one, "name")
            count = sum(
                1 for season in reading.items(series, "seasons") if reading.text(season, "type", "type") == name
            )
            found.setdefault(name, Order(source="tvdb", id=name, kind=kind, name=shown, seasons=count or None))
    return tuple(found.values())


def chosen(series: Any, order: str) -> str:
    """Return the type of seasons that is meant: the one that was named, else the first of its kind, else the aired."""
    found = orders(series)
    named = [one.id for one in found if one.key == order]
    return next(iter([*named, *(one.id for one in found if one.kind == order)]), AIRED)


def seasons(series: Any, season_type: str) -> Iterator[Child]:
    for season in reading.items(series, "seasons"):
        number, external_id = reading.count(season, "number"), reading.identifier(season, "id")
        said = reading.text(season, "type", "type") or AIRED
        if number is None or external_id is None or said != season_type:
            continue
        poster = reading.url(season, "image")
        yield Child(
            kind=ItemKind.SEASON,
            external_id=external_id,
            season=number,
            number=number,
            facts=Facts(title=reading.text(season, "name")),
            description=Description(
                images=() if poster is None else (RemoteImage(role=ImageRole.POSTER.value, url=poster),)
            ),
        )


def episodes(answer: Any, locale: Locale) -> Iterator[Child]:
    for one in reading.items(answer, "data", "episodes"):
        season, external_id = reading.count(one, "seasonNumber"), reading.identifier(one, "id")
        if season is None or external_id is None:
            continue
        still, aired, title = reading.url(one, "image"), reading.day(one, "aired"), reading.text(one, "name")
        plot = reading.prose(one, "overview")
        yield Child(
            kind=ItemKind.EPISODE,
            external_id=external_id,
            season=season,
            number=reading.count(one, "number"),
            absolute=reading.count(one, "absoluteNumber") or None,
            aired=aired,
            facts=Facts(title=title, released_on=aired),
            description=Description(
                texts=(Texts(language=locale.base, title=title, plot=plot),) if title or plot else (),
                details=Details(runtime_minutes=reading.minutes(one, "runtime")),
                external_ids=(("tvdb", external_id),),
                images=() if still is None else (RemoteImage(role=ImageRole.THUMB.value, url=still),),
            ),
        )


def texts(answer: Any, language: str) -> Iterator[tuple[str, Texts]]:
    """Yield what is said of episodes in a further language, by their ids."""
    for one in reading.items(answer, "data", "episodes"):
        external_id, plot = reading.identifier(one, "id"), reading.prose(one, "overview")
        if external_id is not None and plot is not None:
            yield external_id, Texts(language=language, title=reading.text(one, "name"), plot=plot)


def told(child: Child, further: Sequence[Texts]) -> Child:
    """Return an episode with what is said of it in further languages."""
    if not further:
        return child
    languages: dict[str, Texts] = {}
    for text in (*child.description.texts, *further):
        languages.setdefault(text.language, text)
    return msgspec.structs.replace(child, description=replace(child.description, texts=tuple(languages.values())))
