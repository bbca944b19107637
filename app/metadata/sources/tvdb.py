"""TheTVDB (version 4): series and films, with a key that is exchanged for a token once a month."""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from app.clock import Clock
from app.config import Settings
from app.library.descriptions import Credited, Description, Details, RemoteImage, Texts
from app.library.kinds import ImageRole, ItemKind, LabelKind
from app.library.repository.facts import Facts
from app.metadata.asking import Asking
from app.metadata.errors import BrokenRecord, NotKnown, SourceFailed, SourceWaits
from app.metadata.records import Candidate, Child, Locale, Order, Record, Wanted
from app.metadata.sources import reading, tvdb_episodes
from app.metadata.sources.source import Source
from app.metadata.terms import Terms
from app.metadata.tokens import Granted, KeyHolder, Tokens

_KINDS = {ItemKind.MOVIE: "movies", ItemKind.SERIES: "series"}
_TYPES = {ItemKind.MOVIE: "movie", ItemKind.SERIES: "series"}
_IMAGES = {
    1: ImageRole.BANNER,
    2: ImageRole.POSTER,
    3: ImageRole.BACKDROP,
    14: ImageRole.POSTER,
    15: ImageRole.BACKDROP,
}
_PEOPLE = {1: "director", 2: "writer", 3: "actor", 4: "guest", 7: "producer"}
_IDS = {"IMDB": "imdb", "TheMovieDB.com": "tmdb", "TV Maze": "tvmaze", "Wikidata": "wikidata"}
_LANGUAGES = {
    "en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "nl": "nld", "pt": "por", "ru": "rus", "ja": "jpn",
    "zh": "zho", "ko": "kor", "pl": "pol", "sv": "swe", "da": "dan", "fi": "fin", "cs": "ces", "hu": "hun", "tr": "tur",
    "no": "nor", "el": "ell", "he": "heb", "ar": "ara", "uk": "ukr",
}  # fmt: skip

MAX_PAGES = 20
"""Of 500 episodes each."""
MAX_IMAGES = 5
UNSAID_LIFE = timedelta(days=28)
"""Of a token that does not say when it ends; the documentation says a month."""


class Tvdb(Source, KeyHolder):
    kinds = frozenset(_KINDS)
    is_keyed = True

    def __init__(self, asking: Asking, settings: Settings, tokens: Tokens, clock: Clock) -> None:
        self._asking = asking
        self._settings = settings.metadata.tvdb
        self._tokens = tokens
        self._clock = clock
        self.terms = Terms(
            name="tvdb",
            base_url=self._settings.base_url or "https://api4.thetvdb.com/v4",
            interval=timedelta(milliseconds=200),
            attribution="Metadata provided by TheTVDB. Please consider adding missing information or subscribing.",
        )

    @property
    def key(self) -> str | None:
        key, pin = self._settings.api_key, self._settings.pin
        return None if key is None else f"{key.get_secret_value()} {'' if pin is None else pin.get_secret_value()}"

    @property
    def is_ready(self) -> bool:
        return self.key is not None

    async def log_in(self) -> Granted:
        key, _, pin = (self.key or " ").partition(" ")
        answer = await self._asking.post(self.terms, "/login", {"apikey": key} | ({"pin": pin} if pin else {}))
        token = reading.at(answer, "data", "token")
        if not isinstance(token, str) or not 1 <= len(token) <= 8_000 or not token.isascii() or not token.isprintable():  # noqa: PLR2004
            raise SourceFailed(self.name, "it gave no token")
        return Granted(token, _ends(token) or self._clock.now() + UNSAID_LIFE)

    async def search(self, wanted: Wanted, locale: Locale) -> Sequence[Candidate]:
        if wanted.kind not in _TYPES:
            return ()
        answer = await self._json("/search", [("query", wanted.title), ("type", _TYPES[wanted.kind]), ("limit", "25")])
        found = (_candidate(wanted.kind, one, locale) for one in reading.items(answer, "data"))
        return tuple(one for one in found if one is not None)

    async def find(self, kind: ItemKind, ids: Mapping[str, str]) -> str | None:
        theirs = ids.get("imdb")
        if kind not in _TYPES or theirs is None or not (theirs.isascii() and theirs.isalnum()):
            return None
        answer = await self._json(f"/search/remoteid/{theirs}", [])
        found = [reading.identifier(one, _TYPES[kind], "id") for one in reading.items(answer, "data")]
        return next(filter(None, found), None)

    async def fetch(self, kind: ItemKind, external_id: str, locale: Locale) -> Record:
        if kind not in _KINDS or not reading.is_number(external_id):
            raise NotKnown(self.name, external_id)
        one = reading.at(await self._extended(kind, external_id), "data")
        language = _LANGUAGES.get(locale.base, "eng")
        title = _translated(one, "nameTranslations", "name", language) or reading.text(one, "name")
        if title is None:
            raise BrokenRecord(self.name, external_id)
        original = reading.text(one, "name")
        first = reading.day(one, "firstAired") or reading.day(one, "first_release", "date")
        return Record(
            kind=kind,
            external_id=external_id,
            facts=Facts(
                title=title,
                original_title=original if original != title else None,
                year=reading.year(one, "firstAired") or reading.year(one, "year"),
                released_on=first,
            ),
            description=_description(one, external_id, title, locale),
            aliases=reading.unique(
                (original, *(reading.text(alias, "name") for alias in reading.items(one, "aliases")))
            ),
            country=reading.text(one, "originalCountry"),
            children=() if kind is ItemKind.MOVIE else await self._children(one, external_id, locale, language),
            is_counted=kind is ItemKind.SERIES and tvdb_episodes.chosen(one, locale.order) != tvdb_episodes.AIRED,
            is_settled=reading.text(one, "status", "name") in ("Ended", "Released"),
        )

    async def orders(self, external_id: str, locale: Locale) -> Sequence[Order]:  # noqa: ARG002  they have no words
        if not reading.is_number(external_id):
            raise NotKnown(self.name, external_id)
        return tvdb_episodes.orders(reading.at(await self._extended(ItemKind.SERIES, external_id), "data"))

    async def _extended(self, kind: ItemKind, external_id: str) -> Any:
        return await self._json(f"/{_KINDS[kind]}/{external_id}/extended", [("meta", "translations")])

    async def _children(self, one: Any, series_id: str, locale: Locale, language: str) -> tuple[Child, ...]:
        season_type = tvdb_episodes.chosen(one, locale.order)
        listed = "default" if season_type == tvdb_episodes.AIRED else season_type
        episodes: list[Child] = []
        async for answer in self._pages(f"/series/{series_id}/episodes/{listed}/{language}"):
            episodes += tvdb_episodes.episodes(answer, locale)
        further: dict[str, list[Texts]] = {}
        for base in locale.also:
            if base == locale.base or base not in _LANGUAGES:
                continue
            async for answer in self._pages(f"/series/{series_id}/episodes/{listed}/{_LANGUAGES[base]}"):
                for external_id, text in tvdb_episodes.texts(answer, base):
                    further.setdefault(external_id, []).append(text)
        told = (tvdb_episodes.told(episode, further.get(episode.external_id, ())) for episode in episodes)
        return (*tvdb_episodes.seasons(one, season_type), *told)

    async def _pages(self, path: str) -> AsyncIterator[Any]:
        for page in range(MAX_PAGES):
            answer = await self._json(path, [("page", str(page))])
            yield answer
            if reading.at(answer, "links", "next") is None:
                return

    async def _json(self, path: str, parameters: list[tuple[str, str]]) -> Any:
        token = await self._tokens.token(self.name, self.key or "", self.log_in)
        try:
            return await self._asking.json(self.terms, path, parameters, headers={"Authorization": f"Bearer {token}"})
        except SourceWaits as err:
            if "key" in err.reason:  # the token may have been withdrawn: the next one who asks logs in
                await self._tokens.refused(self.name)
            raise


def _ends(token: str) -> datetime | None:
    """Return when a token (JWT) says that it ends. It is read and not checked: checking is theirs."""
    parts = token.split(".")
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        seconds = reading.number(claims, "exp")
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (IndexError, ValueError, OverflowError, OSError, msgspec.DecodeError, RecursionError):
        return None


def _translated(one: Any, listed: str, field: str, language: str) -> str | None:
    for translation in reading.items(one, "translations", listed):
        if reading.text(translation, "language") == language and reading.at(translation, "isAlias") is not True:
            return reading.prose(translation, field) if field == "overview" else reading.text(translation, field)
    return None


def _candidate(kind: ItemKind, one: Any, locale: Locale) -> Candidate | None:
    external_id = reading.identifier(one, "tvdb_id")
    language = _LANGUAGES.get(locale.base, "eng")
    title = reading.text(one, "translations", language) or reading.text(one, "name")
    if external_id is None or title is None:
        return None
    return Candidate(
        source="tvdb",
        external_id=external_id,
        kind=kind,
        title=title,
        original_title=reading.text(one, "name"),
        aliases=reading.unique(reading.texts(one, "aliases")),
        year=reading.year(one, "year"),
        country=_country(reading.text(one, "country")),
        overview=reading.prose(one, "overviews", language) or reading.prose(one, "overview"),
        image_url=reading.url(one, "thumbnail") or reading.url(one, "image_url"),
    )


def _country(code: str | None) -> str | None:
    """It writes three letters where names of files have two."""
    return {"usa": "US", "gbr": "GB", "deu": "DE", "fra": "FR", "jpn": "JP", "can": "CA", "aus": "AU"}.get(code or "")


def _description(one: Any, external_id: str, title: str, locale: Locale) -> Description:
    language = _LANGUAGES.get(locale.base, "eng")
    plot = _translated(one, "overviewTranslations", "overview", language)
    ids = [
        (name, value)
        for remote in reading.items(one, "remoteIds")
        if (name := _IDS.get(reading.text(remote, "sourceName") or "")) is not None
        and (value := reading.identifier(remote, "id")) is not None
    ]
    status = reading.text(one, "status", "name")
    return Description(
        texts=(Texts(language=locale.base, title=title, plot=plot), *_other_texts(one, locale)),
        details=Details(
            runtime_minutes=reading.minutes(one, "averageRuntime") or reading.minutes(one, "runtime"),
            status=status,
            ended_on=reading.day(one, "lastAired") if status == "Ended" else None,
        ),
        credits=tuple(_people(one)),
        labels=tuple(_labels(one)),
        certifications=tuple(_certifications(one)),
        external_ids=(
            ("tvdb", external_id),
            *(
                (name, value)
                for name, remote in ids
                if name and (value := reading.identifier(remote, "id")) is not None
            ),
        ),
        images=tuple(_images(one)),
    )


def _other_texts(one: Any, locale: Locale) -> Iterator[Texts]:
    """Return English and what else is kept, where it says something."""
    for base in dict.fromkeys(("en", *locale.also)):
        if base != locale.base and (language := _LANGUAGES.get(base)) is not None:
            title = _translated(one, "nameTranslations", "name", language)
            plot = _translated(one, "overviewTranslations", "overview", language)
            if plot is not None:
                yield Texts(language=base, title=title, plot=plot)


def _people(one: Any) -> Iterator[Credited]:
    for _, person in zip(range(60), reading.items(one, "characters"), strict=False):
        role, name = _PEOPLE.get(reading.integer(person, "type") or 0), reading.text(person, "personName")
        if role is not None and name is not None:
            yield Credited(
                name=name,
                role=role,
                character=reading.text(person, "name") if role in ("actor", "guest") else None,
                thumb_url=reading.url(person, "personImgURL"),
            )


def _labels(one: Any) -> Iterator[tuple[str, str]]:
    for kind, path in (
        (LabelKind.GENRE, ("genres",)),
        (LabelKind.STUDIO, ("originalNetwork",)),
        (LabelKind.STUDIO, ("studios",)),
    ):
        found = reading.at(one, *path)
        for label in reading.items([found] if isinstance(found, Mapping) else found):
            if (name := reading.text(label, "name")) is not None:
                yield kind.value, name


def _certifications(one: Any) -> Iterator[tuple[str, str]]:
    for rating in reading.items(one, "contentRatings"):
        country, value = _country(reading.text(rating, "country")), reading.text(rating, "name")
        if country is not None and value is not None:
            yield country, value


def _images(one: Any) -> Iterator[RemoteImage]:
    counts: dict[str, int] = {}
    ranked = sorted(reading.items(one, "artworks"), key=lambda art: -(reading.number(art, "score") or 0))
    for art in ranked:
        role, found = _IMAGES.get(reading.integer(art, "type") or 0), reading.url(art, "image")
        if role is not None and found is not None and counts.setdefault(role.value, 0) < MAX_IMAGES:
            counts[role.value] += 1
            yield RemoteImage(role=role.value, url=found)
