"""TMDb's objects → ours. Pure and total, as `reading` is."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from app.library.descriptions import Collected, Credited, Description, Details, Rated, RemoteImage, Texts
from app.library.kinds import ImageRole, ItemKind, LabelKind
from app.metadata.records import Locale
from app.metadata.sources import reading

IMAGES = "https://image.tmdb.org/t/p"
MAX_CAST = 60
MAX_IMAGES = 5
"""Of one role, the best voted of the library's language first."""

_PATH = re.compile(r"/[A-Za-z0-9_.-]{1,100}")

_JOBS = {
    "Director": "director", "Writer": "writer", "Screenplay": "writer", "Story": "writer", "Novel": "writer",
    "Producer": "producer", "Executive Producer": "producer", "Original Music Composer": "composer",
    "Director of Photography": "cinematographer", "Editor": "editor", "Creator": "creator",
}  # fmt: skip

_IMAGES = (("posters", ImageRole.POSTER), ("backdrops", ImageRole.BACKDROP), ("logos", ImageRole.LOGO))

_THEATRICAL = 3


def image_url(path: Any, size: str = "original") -> str | None:
    return f"{IMAGES}/{size}{path}" if isinstance(path, str) and _PATH.fullmatch(path) else None


def description(answer: Any, kind: ItemKind, external_id: str, locale: Locale) -> Description:
    runtime = reading.minutes(answer, "runtime") or reading.minutes(answer, "episode_run_time", 0)
    status = reading.text(answer, "status")
    return Description(
        texts=_texts(answer, locale),
        details=Details(
            runtime_minutes=runtime,
            status=status,
            ended_on=reading.day(answer, "last_air_date") if status in ("Ended", "Canceled") else None,
            trailer=_trailer(answer, locale),
        ),
        credits=tuple(_credits(answer)),
        labels=tuple(_labels(answer)),
        collection=_collection(answer),
        ratings=ratings(answer),
        certifications=tuple(_certifications(answer, kind)),
        external_ids=_ids(answer, external_id),
        images=_images(answer, locale),
    )


def aliases(answer: Any, original: str | None) -> tuple[str, ...]:
    """Return every other title: of other countries, languages, markets."""
    lists = [*reading.items(answer, "alternative_titles", "titles")]
    lists += reading.items(answer, "alternative_titles", "results")
    translated = [reading.at(one, "data") for one in reading.items(answer, "translations", "translations")]
    return reading.unique(
        (
            original,
            *(reading.text(one, "title") for one in lists),
            *(reading.text(one, "title") or reading.text(one, "name") for one in translated),
        )
    )


def _texts(answer: Any, locale: Locale) -> tuple[Texts, ...]:
    """Return the library's language first, then English, the original and those that are kept besides."""
    title = reading.text(answer, "title") or reading.text(answer, "name")
    main = Texts(
        language=locale.base,
        title=title,
        plot=reading.prose(answer, "overview"),
        tagline=reading.text(answer, "tagline"),
    )
    found = {locale.base: main} if main != Texts(language=locale.base) else {}
    wanted = (locale.base, "en", reading.text(answer, "original_language"), *locale.also)
    for one in reading.items(answer, "translations", "translations"):
        language, data = reading.text(one, "iso_639_1"), reading.at(one, "data")
        if language is None or language not in wanted:
            continue
        title = reading.text(data, "title") or reading.text(data, "name")
        text = Texts(
            language=language, title=title, plot=reading.prose(data, "overview"), tagline=reading.text(data, "tagline")
        )
        if text.plot is not None:
            found.setdefault(language, text)
    return tuple(found.values())


def _trailer(answer: Any, locale: Locale) -> str | None:
    """Return the best trailer: official ones first, in the library's language before others."""
    ranked: list[tuple[tuple[bool, bool], int, str]] = []
    for one in reading.items(answer, "videos", "results"):
        key = reading.identifier(one, "key")
        if reading.text(one, "site") == "YouTube" and reading.text(one, "type") == "Trailer" and key is not None:
            rank = (reading.at(one, "official") is not True, reading.text(one, "iso_639_1") != locale.base)
            ranked.append((rank, len(ranked), key))
    return f"https://www.youtube.com/watch?v={min(ranked)[2]}" if ranked else None


def _credits(answer: Any) -> Iterator[Credited]:
    yield from people(answer, "created_by", role="creator")
    yield from crew(answer, "credits", "crew")
    yield from people(answer, "credits", "cast", role="actor")
    yield from people(answer, "aggregate_credits", "cast", role="actor")


def people(answer: Any, *path: str | int, role: str) -> Iterator[Credited]:
    for _, one in zip(range(MAX_CAST), reading.items(answer, *path), strict=False):
        if (name := reading.text(one, "name")) is not None:
            character = reading.text(one, "character") or reading.text(one, "roles", 0, "character")
            yield _person(one, name, role, character)


def crew(answer: Any, *path: str | int) -> Iterator[Credited]:
    seen: set[tuple[str, str]] = set()
    for one in reading.items(answer, *path):
        role, name = _JOBS.get(reading.text(one, "job") or ""), reading.text(one, "name")
        if role is not None and name is not None and (name, role) not in seen:
            seen.add((name, role))
            yield _person(one, name, role, None)


def _person(one: Any, name: str, role: str, character: str | None) -> Credited:
    person_id = reading.identifier(one, "id")
    return Credited(
        name=name,
        role=role,
        character=character,
        ids=() if person_id is None else (("tmdb", person_id),),
        thumb_url=image_url(reading.at(one, "profile_path"), "w185"),
    )


def _labels(answer: Any) -> Iterator[tuple[str, str]]:
    named: Sequence[tuple[LabelKind, tuple[str, ...]]] = (
        (LabelKind.GENRE, ("genres",)),
        (LabelKind.STUDIO, ("networks",)),
        (LabelKind.STUDIO, ("production_companies",)),
        (LabelKind.COUNTRY, ("production_countries",)),
        (LabelKind.TAG, ("keywords", "keywords")),
        (LabelKind.TAG, ("keywords", "results")),
    )
    for kind, path in named:
        for one in reading.items(answer, *path):
            if (name := reading.text(one, "name")) is not None:
                yield kind.value, name


def _collection(answer: Any) -> Collected | None:
    name, found = reading.text(answer, "belongs_to_collection", "name"), reading.at(answer, "belongs_to_collection")
    if name is None:
        return None
    set_id = reading.identifier(found, "id")
    return Collected(name=name, ids=() if set_id is None else (("tmdb", set_id),))


def set_texts(answer: Any, locale: Locale) -> tuple[Texts, ...]:
    """Return what a set is called in the library's language, in English and in those that are kept besides."""
    found: dict[str, Texts] = {}
    for one in reading.items(answer, "translations"):
        language, data = reading.text(one, "iso_639_1"), reading.at(one, "data")
        title, plot = reading.text(data, "title") or reading.text(data, "name"), reading.prose(data, "overview")
        if language is not None and language in (locale.base, "en", *locale.also) and (title or plot):
            found.setdefault(language, Texts(language=language, title=title, plot=plot))
    return tuple(found.values())


def ratings(one: Any) -> tuple[Rated, ...]:
    value, votes = reading.number(one, "vote_average"), reading.count(one, "vote_count")
    if value is None or not 0 < value <= 10 or votes == 0:  # noqa: PLR2004  its scale
        return ()
    return (Rated(name="themoviedb", value=value, votes=votes),)


def _certifications(answer: Any, kind: ItemKind) -> Iterator[tuple[str, str]]:
    if kind is ItemKind.SERIES:
        for one in reading.items(answer, "content_ratings", "results"):
            country, value = reading.text(one, "iso_3166_1"), reading.text(one, "rating")
            if country is not None and value is not None:
                yield country, value
        return
    for one in reading.items(answer, "release_dates", "results"):
        releases = [*reading.items(one, "release_dates")]
        releases.sort(key=lambda release: reading.integer(release, "type") != _THEATRICAL)
        value = next(filter(None, (reading.text(release, "certification") for release in releases)), None)
        country = reading.text(one, "iso_3166_1")
        if country is not None and value is not None:
            yield country, value


def _ids(answer: Any, external_id: str) -> tuple[tuple[str, str], ...]:
    named = (
        ("imdb", reading.identifier(answer, "external_ids", "imdb_id") or reading.identifier(answer, "imdb_id")),
        ("tvdb", reading.identifier(answer, "external_ids", "tvdb_id")),
        ("wikidata", reading.identifier(answer, "external_ids", "wikidata_id")),
    )
    return (("tmdb", external_id), *((name, value) for name, value in named if value is not None))


def _images(answer: Any, locale: Locale) -> tuple[RemoteImage, ...]:
    found: list[RemoteImage] = []
    mains = {ImageRole.POSTER: "poster_path", ImageRole.BACKDROP: "backdrop_path"}
    for name, role in _IMAGES:
        ranked = sorted(
            reading.items(answer, "images", name),
            key=lambda one: (
                reading.text(one, "iso_639_1") not in (locale.base, None),
                -(reading.number(one, "vote_average") or 0),
            ),
        )
        main = image_url(reading.at(answer, mains[role])) if role in mains else None
        urls = reading.unique((main, *(image_url(reading.at(one, "file_path")) for one in ranked)))
        found += [RemoteImage(role=role.value, url=url) for url in urls if not url.endswith(".svg")][:MAX_IMAGES]
    return tuple(found)
