"""MusicBrainz: artists, albums and tracks, without a key, once a second and not more often.

An album of ours is a release when its tags say which, else a release group: `release:<id>` or the group's id alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.config import Settings
from app.library.descriptions import Description, Details, Rated, Texts
from app.library.kinds import ItemKind, LabelKind
from app.library.repository.facts import Facts
from app.metadata.asking import Asking
from app.metadata.errors import BrokenRecord, NotKnown
from app.metadata.records import Candidate, Child, Locale, Record, Wanted
from app.metadata.sources import reading
from app.metadata.sources.source import Source
from app.metadata.terms import Terms

RELEASE = "release:"
ARTIST_ID, RELEASE_ID, GROUP_ID = "musicbrainz_artist", "musicbrainz_release", "musicbrainz_release_group"

MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LUCENE = re.compile(r'([+\-&|!(){}\[\]^"~*?:\\/])')
_LINKS = {"wikidata": re.compile(r"wikidata\.org/wiki/(Q\d+)"), "imdb": re.compile(r"imdb\.com/name/(nm\d+)")}

MAX_FOUND = 10
MAX_LABELS = 10


class MusicBrainz(Source):
    kinds = frozenset({ItemKind.ARTIST, ItemKind.ALBUM})

    def __init__(self, asking: Asking, settings: Settings) -> None:
        self._asking = asking
        self.terms = Terms(
            name="musicbrainz",
            base_url=settings.metadata.musicbrainz.base_url or "https://musicbrainz.org/ws/2",
            interval=timedelta(seconds=1),
            is_strict=True,  # whoever is faster is refused altogether
            fresh_for=timedelta(days=7),
            attribution="Music data by MusicBrainz (musicbrainz.org), CC0",
        )

    def own_id(self, kind: ItemKind, ids: Mapping[str, str]) -> str | None:
        if kind is ItemKind.ARTIST:
            return ids.get(ARTIST_ID) or ids.get("musicbrainz")
        if kind is ItemKind.ALBUM:
            if (release := ids.get(RELEASE_ID) or ids.get("musicbrainz")) is not None:
                return RELEASE + release
            return ids.get(GROUP_ID)
        return None

    async def search(self, wanted: Wanted, locale: Locale) -> Sequence[Candidate]:  # noqa: ARG002  names are names
        if wanted.kind is ItemKind.ARTIST:
            answer = await self._json(
                "/artist", [("query", f"artist:{_quoted(wanted.title)}"), ("limit", str(MAX_FOUND))]
            )
            found = (_artist_candidate(one) for one in reading.items(answer, "artists"))
        elif wanted.kind is ItemKind.ALBUM:
            query = f"releasegroup:{_quoted(wanted.title)}"
            if wanted.artist is not None:
                query += f" AND artist:{_quoted(wanted.artist)}"
            answer = await self._json("/release-group", [("query", query), ("limit", str(MAX_FOUND))])
            found = (_album_candidate(one) for one in reading.items(answer, "release-groups"))
        else:
            return ()
        return tuple(one for one in found if one is not None)

    async def fetch(self, kind: ItemKind, external_id: str, locale: Locale) -> Record:  # noqa: ARG002  as above
        mbid = external_id.removeprefix(RELEASE)
        if MBID.fullmatch(mbid) is None or kind not in self.kinds:
            raise NotKnown(self.name, external_id)
        if kind is ItemKind.ARTIST:
            answer = await self._json(f"/artist/{mbid}", [("inc", "aliases+url-rels+genres+tags+ratings")])
            record = _artist(answer, external_id)
        elif external_id.startswith(RELEASE):
            inc = "recordings+artist-credits+labels+release-groups+genres+tags"
            record = _release(await self._json(f"/release/{mbid}", [("inc", inc)]), external_id)
        else:
            inc = "artist-credits+genres+tags+ratings+url-rels"
            record = _group(await self._json(f"/release-group/{mbid}", [("inc", inc)]), external_id)
        if record is None:
            raise BrokenRecord(self.name, external_id)
        return record

    async def _json(self, path: str, parameters: list[tuple[str, str]]) -> Any:
        return await self._asking.json(self.terms, path, [*parameters, ("fmt", "json")])


def _quoted(words: str) -> str:
    return '"' + _LUCENE.sub(r"\\\1", words) + '"'


def _credit(one: Any) -> str | None:
    """Return whom it is credited to, as it is written: names with what stands between them."""
    parts = [
        (reading.text(credit, "name") or "") + (str(reading.at(credit, "joinphrase") or ""))
        for credit in reading.items(one, "artist-credit")
    ]
    return reading.text("".join(parts))


def _artist_candidate(one: Any) -> Candidate | None:
    external_id, name = reading.identifier(one, "id"), reading.text(one, "name")
    if external_id is None or name is None:
        return None
    return Candidate(
        source="musicbrainz",
        external_id=external_id,
        kind=ItemKind.ARTIST,
        title=name,
        aliases=reading.unique(reading.text(alias, "name") for alias in reading.items(one, "aliases")),
        country=reading.text(one, "country"),
        disambiguation=reading.text(one, "disambiguation"),
    )


def _album_candidate(one: Any) -> Candidate | None:
    external_id, title = reading.identifier(one, "id"), reading.text(one, "title")
    if external_id is None or title is None:
        return None
    return Candidate(
        source="musicbrainz",
        external_id=external_id,
        kind=ItemKind.ALBUM,
        title=title,
        year=reading.year(one, "first-release-date"),
        artist=_credit(one),
        disambiguation=reading.text(one, "primary-type"),
    )


def _labels(one: Any) -> Iterator[tuple[str, str]]:
    """Yield genres by votes; tags that are no genres are left where they are: anybody writes them."""
    genres = sorted(reading.items(one, "genres"), key=lambda genre: -(reading.integer(genre, "count") or 0))
    for _, genre in zip(range(MAX_LABELS), genres, strict=False):
        if (name := reading.text(genre, "name")) is not None:
            yield LabelKind.GENRE.value, name


def _rated(one: Any) -> tuple[Rated, ...]:
    value, votes = reading.number(one, "rating", "value"), reading.count(one, "rating", "votes-count")
    return (Rated(name="musicbrainz", value=value * 2, votes=votes),) if value is not None and 0 < value <= 5 else ()  # noqa: PLR2004  of five stars


def _links(one: Any) -> Iterator[tuple[str, str]]:
    for relation in reading.items(one, "relations"):
        address = reading.url(relation, "url", "resource") or ""
        for name, pattern in _LINKS.items():
            if (match := pattern.search(address)) is not None:
                yield name, match[1]


def _artist(one: Any, external_id: str) -> Record | None:
    name = reading.text(one, "name")
    if name is None:
        return None
    return Record(
        kind=ItemKind.ARTIST,
        external_id=external_id,
        facts=Facts(title=name),
        description=Description(
            details=Details(
                type=reading.text(one, "type"),
                disambiguation=reading.text(one, "disambiguation"),
                ended_on=reading.day(one, "life-span", "end"),
            ),
            labels=tuple(_labels(one)),
            ratings=_rated(one),
            external_ids=((ARTIST_ID, external_id), *dict(_links(one)).items()),
        ),
        aliases=reading.unique(reading.text(alias, "name") for alias in reading.items(one, "aliases")),
        country=reading.text(one, "country"),
    )


def _group(one: Any, external_id: str) -> Record | None:
    title = reading.text(one, "title")
    if title is None:
        return None
    return Record(
        kind=ItemKind.ALBUM,
        external_id=external_id,
        facts=Facts(
            title=title,
            year=reading.year(one, "first-release-date"),
            released_on=reading.day(one, "first-release-date"),
        ),
        description=Description(
            details=Details(type=reading.text(one, "primary-type"), disambiguation=reading.text(one, "disambiguation")),
            labels=tuple(_labels(one)),
            ratings=_rated(one),
            external_ids=((GROUP_ID, external_id), *dict(_links(one)).items()),
        ),
        artist=_credit(one),
    )


def _release(one: Any, external_id: str) -> Record | None:
    title = reading.text(one, "title")
    if title is None:
        return None
    group = reading.at(one, "release-group")
    group_id = reading.identifier(group, "id")
    first = reading.day(group, "first-release-date")
    labels = reading.unique(reading.text(label, "label", "name") for label in reading.items(one, "label-info"))
    ids = [(RELEASE_ID, external_id.removeprefix(RELEASE))]
    return Record(
        kind=ItemKind.ALBUM,
        external_id=external_id,
        facts=Facts(
            title=title,
            year=reading.year(group, "first-release-date") or reading.year(one, "date"),
            released_on=first or reading.day(one, "date"),
        ),
        description=Description(
            details=Details(
                type=reading.text(group, "primary-type"), disambiguation=reading.text(one, "disambiguation")
            ),
            labels=(*_labels(one), *((LabelKind.STUDIO.value, name) for name in labels)),
            external_ids=tuple(ids if group_id is None else [*ids, (GROUP_ID, group_id)]),
        ),
        artist=_credit(one),
        children=tuple(_tracks(one)),
    )


def _tracks(one: Any) -> Iterator[Child]:
    for place, medium in enumerate(reading.items(one, "media"), 1):
        disc = reading.count(medium, "position") or place
        for number, track in enumerate(reading.items(medium, "tracks"), 1):
            recording, name = reading.identifier(track, "recording", "id"), reading.text(track, "title")
            if recording is None:
                continue
            yield Child(
                kind=ItemKind.TRACK,
                external_id=recording,
                season=disc,
                number=reading.count(track, "position") or number,
                facts=Facts(title=name),
                description=Description(
                    texts=() if name is None else (Texts(title=name),),
                    external_ids=(("musicbrainz_recording", recording),),
                ),
            )
