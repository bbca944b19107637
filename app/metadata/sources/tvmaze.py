"""TVmaze: series, without a key. Its texts are CC BY-SA: whoever shows them names it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.config import Settings
from app.library.descriptions import Credited, Description, Details, Rated, RemoteImage, Texts
from app.library.kinds import ImageRole, ItemKind, LabelKind
from app.library.repository.facts import Facts
from app.metadata.asking import Asking
from app.metadata.errors import BrokenRecord, NotKnown
from app.metadata.records import Candidate, Child, Locale, Record, Wanted
from app.metadata.sources import reading
from app.metadata.sources.source import Source
from app.metadata.terms import Terms

EMBEDDED = ("episodes", "seasons", "cast", "akas", "images")

_LOOKUP = {"imdb": "imdb", "tvdb": "thetvdb", "tvrage": "tvrage"}

_ROLES = {"poster": ImageRole.POSTER, "background": ImageRole.BACKDROP, "banner": ImageRole.BANNER}

MAX_IMAGES = 5
"""Of one role; more are named by nobody but the source."""


class TvMaze(Source):
    kinds = frozenset({ItemKind.SERIES})

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self.terms = Terms(
            name="tvmaze",
            base_url=settings.metadata.tvmaze.base_url or "https://api.tvmaze.com",
            interval=timedelta(milliseconds=500),  # 20 in 10 seconds
            attribution="Series data by TVmaze (tvmaze.com), CC BY-SA 4.0",
        )

    async def search(self, wanted: Wanted, locale: Locale) -> Sequence[Candidate]:  # noqa: ARG002  it has one language
        found = await self._asking.json(self.terms, "/search/shows", [("q", wanted.title)])
        shows = (reading.at(one, "show") for one in reading.items({"found": found}, "found"))
        return [candidate for show in shows if (candidate := _candidate(show)) is not None]

    async def find(self, kind: ItemKind, ids: Mapping[str, str]) -> str | None:
        if kind is not ItemKind.SERIES:
            return None
        for theirs, name in _LOOKUP.items():
            if theirs in ids:
                try:
                    show = await self._asking.json(self.terms, "/lookup/shows", [(name, ids[theirs])])
                except NotKnown:
                    continue
                if (found := reading.identifier(show, "id")) is not None:
                    return found
        return None

    async def fetch(self, kind: ItemKind, external_id: str, locale: Locale) -> Record:  # noqa: ARG002  as above
        if kind is not ItemKind.SERIES or not reading.is_number(external_id):
            raise NotKnown(self.name, external_id)
        show = await self._asking.json(self.terms, f"/shows/{external_id}", [("embed[]", one) for one in EMBEDDED])
        title = reading.text(show, "name")
        if title is None:
            raise BrokenRecord(self.name, external_id)
        return Record(
            kind=kind,
            external_id=external_id,
            facts=Facts(title=title, year=reading.year(show, "premiered"), released_on=reading.day(show, "premiered")),
            description=_description(show, external_id),
            aliases=reading.unique(reading.text(aka, "name") for aka in reading.items(show, "_embedded", "akas")),
            country=_country(show),
            children=(*_seasons(show), *_episodes(show)),
            is_settled=reading.text(show, "status") == "Ended",
        )


def _candidate(show: Any) -> Candidate | None:
    external_id, title = reading.identifier(show, "id"), reading.text(show, "name")
    if external_id is None or title is None:
        return None
    return Candidate(
        source="tvmaze",
        external_id=external_id,
        kind=ItemKind.SERIES,
        title=title,
        year=reading.year(show, "premiered"),
        runtime_minutes=reading.minutes(show, "averageRuntime") or reading.minutes(show, "runtime"),
        country=_country(show),
        overview=reading.prose(show, "summary"),
        image_url=reading.url(show, "image", "medium"),
    )


def _country(show: Any) -> str | None:
    return reading.text(show, "network", "country", "code") or reading.text(show, "webChannel", "country", "code")


def _description(show: Any, external_id: str) -> Description:
    studios = (reading.text(show, "network", "name"), reading.text(show, "webChannel", "name"))
    return Description(
        texts=_texts(show),
        details=Details(
            runtime_minutes=reading.minutes(show, "averageRuntime") or reading.minutes(show, "runtime"),
            status=reading.text(show, "status"),
            ended_on=reading.day(show, "ended"),
            type=reading.text(show, "type"),
        ),
        credits=tuple(_cast(show)),
        labels=(
            *((LabelKind.GENRE.value, name) for name in reading.texts(show, "genres")),
            *((LabelKind.STUDIO.value, name) for name in reading.unique(studios)),
        ),
        ratings=_ratings(show),
        external_ids=tuple(
            (name, value)
            for name, value in (
                ("tvmaze", external_id),
                ("imdb", reading.identifier(show, "externals", "imdb")),
                ("tvdb", reading.identifier(show, "externals", "thetvdb")),
                ("tvrage", reading.identifier(show, "externals", "tvrage")),
            )
            if value is not None
        ),
        images=tuple(_images(show)),
    )


def _texts(one: Any) -> tuple[Texts, ...]:
    title, plot = reading.text(one, "name"), reading.prose(one, "summary")
    return (Texts(language="en", title=title, plot=plot),) if title or plot else ()


def _ratings(one: Any) -> tuple[Rated, ...]:
    value = reading.number(one, "rating", "average")
    return (Rated(name="tvmaze", value=value),) if value is not None and 0 < value <= 10 else ()  # noqa: PLR2004  its scale


def _cast(show: Any) -> Iterator[Credited]:
    for one in reading.items(show, "_embedded", "cast"):
        if (name := reading.text(one, "person", "name")) is not None:
            person_id = reading.identifier(one, "person", "id")
            yield Credited(
                name=name,
                role="actor",
                character=reading.text(one, "character", "name"),
                ids=() if person_id is None else (("tvmaze", person_id),),
                thumb_url=reading.url(one, "person", "image", "medium"),
            )


def _images(show: Any) -> Iterator[RemoteImage]:
    if (main := reading.url(show, "image", "original")) is not None:
        yield RemoteImage(role=ImageRole.POSTER.value, url=main)
    counts: dict[str, int] = {}
    for one in reading.items(show, "_embedded", "images"):
        role = _ROLES.get(reading.text(one, "type") or "")
        found = reading.url(one, "resolutions", "original", "url")
        if role is not None and found is not None and found != main and counts.setdefault(role, 0) < MAX_IMAGES:
            counts[role] += 1
            yield RemoteImage(role=role.value, url=found)


def _still(one: Any, role: ImageRole) -> tuple[RemoteImage, ...]:
    found = reading.url(one, "image", "original")
    return () if found is None else (RemoteImage(role=role.value, url=found),)


def _seasons(show: Any) -> Iterator[Child]:
    for one in reading.items(show, "_embedded", "seasons"):
        number, external_id = reading.count(one, "number"), reading.identifier(one, "id")
        if number is not None and external_id is not None:
            yield Child(
                kind=ItemKind.SEASON,
                external_id=external_id,
                season=number,
                number=number,
                facts=Facts(title=reading.text(one, "name"), released_on=reading.day(one, "premiereDate")),
                description=Description(texts=_texts(one), images=_still(one, ImageRole.POSTER)),
            )


def _episodes(show: Any) -> Iterator[Child]:
    for one in reading.items(show, "_embedded", "episodes"):
        season, external_id = reading.count(one, "season"), reading.identifier(one, "id")
        if season is None or external_id is None:
            continue
        aired = reading.day(one, "airdate")
        yield Child(
            kind=ItemKind.EPISODE,
            external_id=external_id,
            season=season,
            number=reading.count(one, "number"),
            aired=aired,
            facts=Facts(title=reading.text(one, "name"), released_on=aired),
            description=Description(
                texts=_texts(one),
                details=Details(runtime_minutes=reading.minutes(one, "runtime")),
                ratings=_ratings(one),
                external_ids=(("tvmaze", external_id),),
                images=_still(one, ImageRole.THUMB),
            ),
        )
