"""TMDb: films and series in many languages, with a read access token.

One request tells everything of a film (`append_to_response`), and one more of the set it is of. One tells of a series,
and one more of each of its seasons in each language that its episodes are wanted in; or of all of them together, where
they are counted in another order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from app.clock import Clock
from app.config import Settings
from app.library.descriptions import Description
from app.library.kinds import ItemKind
from app.library.repository.facts import Facts
from app.metadata.asking import Asking
from app.metadata.errors import BrokenRecord, NotKnown
from app.metadata.records import Candidate, Child, Locale, Order, Record, Wanted
from app.metadata.sources import reading, tmdb_episodes, tmdb_orders, tmdb_reading
from app.metadata.sources.source import Source
from app.metadata.terms import Terms

_FILM = "credits,external_ids,release_dates,videos,keywords,translations,alternative_titles,images"
_SERIES = (
    "aggregate_credits,external_ids,content_ratings,videos,keywords,translations,alternative_titles,images,"
    "episode_groups"
)

_KINDS = {ItemKind.MOVIE: "movie", ItemKind.SERIES: "tv"}
_TITLES = {ItemKind.MOVIE: ("title", "original_title"), ItemKind.SERIES: ("name", "original_name")}
_DATES = {ItemKind.MOVIE: "release_date", ItemKind.SERIES: "first_air_date"}
_FOUND = {ItemKind.MOVIE: "movie_results", ItemKind.SERIES: "tv_results"}

SETTLED_AFTER = timedelta(days=365)
"""Since it came out: what is known of it by then changes little."""


class Tmdb(Source):
    kinds = frozenset(_KINDS)
    is_keyed = True

    def __init__(self, asking: Asking, settings: Settings, clock: Clock) -> None:
        self._asking = asking
        self._token = settings.metadata.tmdb.token
        self._clock = clock
        self.terms = Terms(
            name="tmdb",
            base_url=settings.metadata.tmdb.base_url or "https://api.themoviedb.org/3",
            interval=timedelta(milliseconds=25),  # 40 a second
            attribution="This product uses the TMDB API but is not endorsed or certified by TMDB.",
        )

    @property
    def is_ready(self) -> bool:
        return self._token is not None

    async def search(self, wanted: Wanted, locale: Locale) -> Sequence[Candidate]:
        if wanted.kind not in _KINDS:
            return ()
        year_name = "year" if wanted.kind is ItemKind.MOVIE else "first_air_date_year"
        found = await self._search(wanted, locale, [] if wanted.year is None else [(year_name, str(wanted.year))])
        if wanted.year is not None:
            # Whoever named the file may have taken another country's year, and a narrow search would not show it.
            found = {**found, **await self._search(wanted, locale, [])}
        return tuple(found.values())

    async def _search(self, wanted: Wanted, locale: Locale, more: list[tuple[str, str]]) -> dict[str, Candidate]:
        parameters = [("query", wanted.title), ("language", locale.tag), ("include_adult", "false"), *more]
        answer = await self._json(f"/search/{_KINDS[wanted.kind]}", parameters)
        found = (_candidate(wanted.kind, one) for one in reading.items(answer, "results"))
        return {one.external_id: one for one in found if one is not None}

    async def find(self, kind: ItemKind, ids: Mapping[str, str]) -> str | None:
        if kind not in _KINDS:
            return None
        for name in ("imdb", "tvdb", "wikidata"):
            if name in ids:
                answer = await self._json(f"/find/{_escaped(ids[name])}", [("external_source", f"{name}_id")])
                found = [reading.identifier(one, "id") for one in reading.items(answer, _FOUND[kind])]
                if len(found) == 1 and found[0] is not None:
                    return found[0]
        return None

    async def fetch(self, kind: ItemKind, external_id: str, locale: Locale) -> Record:
        if kind is ItemKind.SEASON:
            return await self._season(external_id, locale)
        answer = await self._whole(kind, external_id, locale)
        name, original = (reading.text(answer, one) for one in _TITLES[kind])
        title = name or original
        if title is None:
            raise BrokenRecord(self.name, external_id)
        released = reading.day(answer, _DATES[kind])
        described = tmdb_reading.description(answer, kind, external_id, locale)
        counted = await self._counted(answer, external_id, locale) if kind is ItemKind.SERIES else ()
        return Record(
            kind=kind,
            external_id=external_id,
            facts=Facts(
                title=title,
                original_title=original if original != title else None,
                year=reading.year(answer, _DATES[kind]),
                released_on=released,
            ),
            description=await self._with_set(described, locale),
            aliases=tmdb_reading.aliases(answer, original),
            country=next(iter(reading.texts(answer, "origin_country")), None),
            children=counted,
            seasons_apart=() if counted or kind is not ItemKind.SERIES else tmdb_episodes.seasons(answer),
            is_counted=bool(counted),
            is_settled=self._is_settled(answer, kind, released),
        )

    async def _whole(self, kind: ItemKind, external_id: str, locale: Locale) -> Any:
        """Ask for all of a film or a series. Of a series that was just asked for, its seasons find it remembered."""
        if kind not in _KINDS or not reading.is_number(external_id):
            raise NotKnown(self.name, external_id)
        parameters = [
            ("language", locale.tag),
            ("append_to_response", _FILM if kind is ItemKind.MOVIE else _SERIES),
            ("include_image_language", f"{locale.base},en,null"),
        ]
        return await self._json(f"/{_KINDS[kind]}/{external_id}", parameters)

    async def _with_set(self, described: Description, locale: Locale) -> Description:
        """Ask what the set of a film is called elsewhere: once for all its films, while that is remembered."""
        found = described.collection
        if found is None or not found.ids:
            return described
        try:
            answer = await self._json(f"/collection/{found.ids[0][1]}/translations", [])
        except NotKnown:  # it was taken back
            return described
        texts = tmdb_reading.set_texts(answer, locale)
        overview = next((text.plot for text in texts if text.language == locale.base), None)
        return replace(described, collection=replace(found, overview=overview, texts=texts))

    def _is_settled(self, answer: Any, kind: ItemKind, released: date | None) -> bool:
        if kind is ItemKind.SERIES:
            return reading.text(answer, "status") in ("Ended", "Canceled")
        return released is not None and self._clock.now().date() - released > SETTLED_AFTER

    async def orders(self, external_id: str, locale: Locale) -> Sequence[Order]:
        return tmdb_orders.orders(await self._whole(ItemKind.SERIES, external_id, locale))

    async def _counted(self, series: Any, series_id: str, locale: Locale) -> tuple[Child, ...]:
        """Return all episodes as the chosen order counts them; nothing where the series has no such order."""
        group_id = tmdb_orders.chosen(series, locale.order)
        if group_id is None:
            return ()
        try:
            answers = await self._in_languages(f"/tv/episode_group/{group_id}", locale)
        except NotKnown:  # it was taken back: that is no reason to doubt the series
            return ()
        return tmdb_orders.children(answers, series_id, locale)

    async def _season(self, external_id: str, locale: Locale) -> Record:
        series_id, _, number = external_id.partition("/")
        if not (reading.is_number(series_id) and reading.is_number(number)):
            raise NotKnown(self.name, external_id)
        series = await self._whole(ItemKind.SERIES, series_id, locale)
        counted = await self._counted(series, series_id, locale)
        if counted:
            told = tuple(one for one in counted if one.season == int(number))
            return Record(kind=ItemKind.SEASON, external_id=external_id, children=told, is_counted=True)
        more = [("append_to_response", "translations")]
        answers = await self._in_languages(f"/tv/{series_id}/season/{number}", locale, more)
        before = tmdb_episodes.episodes_before(series, int(number))
        children = tmdb_episodes.season(answers, external_id, int(number), before, locale)
        return Record(kind=ItemKind.SEASON, external_id=external_id, children=children)

    async def _in_languages(self, path: str, locale: Locale, more: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        """Ask in the library's language, and in those that are kept besides: episodes come in one at a time."""
        answers = {locale.base: await self._json(path, [("language", locale.tag), *more])}
        for language in locale.also:
            if language not in answers:
                answers[language] = await self._json(path, [("language", language)])
        return answers

    async def _json(self, path: str, parameters: list[tuple[str, str]]) -> Any:
        token = "" if self._token is None else self._token.get_secret_value()
        return await self._asking.json(self.terms, path, parameters, headers={"Authorization": f"Bearer {token}"})


def _escaped(external_id: str) -> str:
    return external_id if external_id.isascii() and external_id.isalnum() else "0"


def _candidate(kind: ItemKind, one: Any) -> Candidate | None:
    external_id = reading.identifier(one, "id")
    name, original = (reading.text(one, field) for field in _TITLES[kind])
    title = name or original
    if external_id is None or title is None:
        return None
    return Candidate(
        source="tmdb",
        external_id=external_id,
        kind=kind,
        title=title,
        original_title=original,
        year=reading.year(one, _DATES[kind]),
        country=next(iter(reading.texts(one, "origin_country")), None),
        overview=reading.prose(one, "overview"),
        image_url=tmdb_reading.image_url(reading.at(one, "poster_path"), "w185"),
    )
