"""The bytes of an NFO → what it says. Total: whatever the bytes are, there is an answer and never an exception.

Kodi's format as people and programs really write it: several roots in one file, a link after the XML or nothing but
links, fields at odd places, broken ends. A field that makes no sense is left out; a document that breaks off has said
what it said until there. A scene group's NFO in drawn letters says nothing, unless a link stands in it.
"""

import re
from collections.abc import Callable
from typing import Any

from app.library.nfo.decoding import decode
from app.library.nfo.ids import ids_in, ids_of
from app.library.nfo.people import artists_of, people_of
from app.library.nfo.pictures import images_of
from app.library.nfo.record import Nfo, NfoKind, NfoRating, NfoRecord, NfoStream, NfoTrack
from app.library.nfo.tree import Element, parse
from app.library.nfo.values import (
    MAX_LIST,
    boolean,
    count,
    day_of,
    decimal,
    first_line,
    line,
    line_of,
    lines,
    minutes,
    number,
    number_of,
    ordinal_of,
    text_of,
    year,
)

MAX_BYTES = 2 * 2**20
"""The largest seen in the wild, an album with every track and picture, has some 300 kB."""

_MEANT = re.compile(rf"<(?:{'|'.join(set(NfoKind) - {NfoKind.NONE})})[\s>]", re.IGNORECASE)
"""What means to be a description, whether or not it can be read."""

_PLAIN_ID = {NfoKind.MOVIE: "tmdb", NfoKind.SERIES: "tvdb", NfoKind.EPISODE: "tvdb"}
"""Whose number `<id>12</id>` is: what Kodi's own scrapers meant when they wrote it."""


def read_nfo(content: bytes) -> Nfo:
    """Read an NFO."""
    if len(content) > MAX_BYTES:
        return Nfo(problem=f"larger than {MAX_BYTES} bytes")
    text = decode(content)
    tree = parse(text)
    roots = [(kind, root) for root in _roots(tree.roots) if (kind := _kind(root)) is not None]
    records = [_record(kind, root) for kind, root in roots]
    if not records:
        ids = ids_in(text)
        # A drawing is not well-formed, and no problem either.
        problem = tree.problem if _MEANT.search(text) is not None else None
        return Nfo(
            records=(NfoRecord(kind=NfoKind.NONE, external_ids=ids),) if ids else (),
            problem=problem,
            unread=_unread(tree.roots),
        )
    if len(records) == 1 and (linked := ids_in(tree.loose)):
        records = [_with_ids(records[0], linked)]
    return Nfo(records=tuple(records), problem=tree.problem, unread=_unread(tree.roots))


def _roots(roots: list[Element]) -> list[Element]:
    """Return the records. Some programs put those of several episodes into one more element."""
    return [inner for root in roots for inner in (root.children if _kind(root) is None else [root])]


def _kind(root: Element) -> NfoKind | None:
    return NfoKind(root.tag) if root.tag in set(NfoKind) - {NfoKind.NONE} else None


def _unread(roots: list[Element]) -> tuple[str, ...]:
    return tuple(sorted({line(root.tag) or "" for root in roots if _kind(root) is None}))[:10]


def _with_ids(record: NfoRecord, linked: tuple[tuple[str, str], ...]) -> NfoRecord:
    """Add the ids of a link after the XML. What the XML itself says of a provider stands."""
    fields = {name: getattr(record, name) for name in record.__dataclass_fields__}
    fields["external_ids"] = tuple(sorted({**dict(linked), **dict(record.external_ids)}.items()))
    return NfoRecord(**fields)


def _record(kind: NfoKind, root: Element) -> NfoRecord:
    fields = _common(kind, root)
    if (more := _MORE.get(kind)) is not None:
        fields |= more(root)
    return NfoRecord(kind=kind, **fields)


def _common(kind: NfoKind, root: Element) -> dict[str, Any]:
    premiered = day_of(root, "premiered", "releasedate", "originalreleasedate", "aired")
    collection = root.first("set")
    return {
        "title": first_line(root, "title", "localtitle", "name"),
        "original_title": line_of(root, "originaltitle"),
        "sort_title": first_line(root, "sorttitle", "sortname"),
        "year": year(line_of(root, "year")) or (premiered.year if premiered is not None else None),
        "premiered": premiered,
        "plot": text_of(root, "plot", "biography", "review"),
        "outline": text_of(root, "outline"),
        "tagline": first_line(root, "tagline"),
        "runtime_minutes": next((found for child in root.all("runtime") if (found := minutes(child.text))), None),
        "certifications": _certifications(root),
        "genres": lines(root, "genre"),
        "tags": lines(root, "tag"),
        "studios": lines(root, "studio", "label"),
        "countries": lines(root, "country"),
        "people": people_of(root),
        "ratings": _ratings(root),
        "external_ids": ids_of(root, _PLAIN_ID.get(kind)),
        "images": images_of(root),
        "trailer": _trailer(root),
        "streams": _streams(root),
        "is_locked": any(boolean(child.text) is True for child in root.all("lockdata")),
        "locked_fields": _locked_fields(root),
        "collection": None if collection is None else line_of(collection, "name") or line(collection.text),
        "collection_overview": None if collection is None else text_of(collection, "overview"),
        "collection_ids": () if collection is None else _collection_ids(root, collection),
    }


def _locked_fields(root: Element) -> tuple[str, ...]:
    parts = [part for child in root.all("lockedfields") for part in child.text.split("|")]
    return tuple(name for part in parts if (name := line(part)) is not None)[:50]


def _collection_ids(root: Element, collection: Element) -> tuple[tuple[str, str], ...]:
    said = line(collection.attributes.get("tmdbcolid")) or line_of(root, "tmdbcollectionid", "collectionnumber")
    return (("tmdb", said),) if said is not None and said.isascii() and said.isdigit() and int(said) else ()


def _certifications(root: Element) -> tuple[tuple[str, str], ...]:
    """Read `Rated PG-13`, `US:PG-13 / DE:FSK 12`, `Germany:12`: countries as they are written, codes in capitals."""
    found: dict[str, str] = {}
    for value in (*lines(root, "certification"), *lines(root, "mpaa")):
        country, colon, rest = value.partition(":")
        if not colon:
            country, rest = "", value
        plain = line(rest.removeprefix("Rated ")) or ""
        if plain and plain.casefold() not in {"not available", "none", "n/a"}:
            found.setdefault(_country(country), plain)
    return tuple(found.items())


_COUNTRIES = {"usa": "US", "united states": "US", "uk": "GB", "united kingdom": "GB", "germany": "DE", "france": "FR"}


def _country(name: str) -> str:
    name = name.strip()
    return _COUNTRIES.get(name.casefold(), name.upper())


def _ratings(root: Element) -> tuple[NfoRating, ...]:
    found: dict[str, NfoRating] = {}
    for ratings in root.all("ratings"):
        for element in ratings.all("rating"):
            attributes = element.attributes
            _add_rating(
                found,
                line(attributes.get("name")) or "default",
                line_of(element, "value"),
                decimal(attributes.get("max")),
                count(line_of(element, "votes")),
                is_default=boolean(attributes.get("default")) is True,
            )
    for element in root.all("rating"):
        # The old way: one number, its votes beside it.
        scale = decimal(element.attributes.get("max"))
        _add_rating(found, "default", line(element.text), scale, count(line_of(root, "votes")), is_default=not found)
    critics = line_of(root, "criticrating")
    _add_rating(found, "critics", critics, 100.0, None, is_default=False)
    return tuple(found.values())[:50]


def _add_rating(
    found: dict[str, NfoRating],
    name: str,
    text: str | None,
    scale: float | None,
    votes: int | None,
    *,
    is_default: bool,
) -> None:
    value, scale = decimal(text), scale or 10.0
    if value is not None and 0 < value <= scale:
        rating = NfoRating(name=name.lower(), value=value, scale=scale, votes=votes, is_default=is_default)
        found.setdefault(rating.name, rating)


def _trailer(root: Element) -> str | None:
    """Return where the trailer is. Of Kodi's own addresses (`plugin://…`) only YouTube's mean something elsewhere."""
    said = line_of(root, "trailer")
    if said is None:
        return None
    if said.startswith(("http://", "https://")):
        return said
    _, _, video = said.partition("video_id=" if "video_id=" in said else "videoid=")
    plain = "".join(character for character in video if character.isalnum() or character in "-_")[:20]
    return f"https://www.youtube.com/watch?v={plain}" if plain else None


def _streams(root: Element) -> tuple[NfoStream, ...]:
    info = root.first("fileinfo")
    details = None if info is None else info.first("streamdetails")
    if details is None:
        return ()
    return tuple(
        NfoStream(
            kind=child.tag,
            codec=line_of(child, "codec"),
            language=line_of(child, "language"),
            width=number_of(child, "width"),
            height=number_of(child, "height"),
            channels=number_of(child, "channels"),
            duration_seconds=number_of(child, "durationinseconds"),
        )
        for child in list(details.all("video", "audio", "subtitle"))[:MAX_LIST]
    )


def _series(root: Element) -> dict[str, Any]:
    names = {
        season: name
        for child in root.all("namedseason")
        if (season := number(child.attributes.get("number"))) is not None
        and season >= 0
        and (name := line(child.text)) is not None
    }
    return {
        "status": line_of(root, "status"),
        "ended": day_of(root, "enddate"),
        "season_names": tuple(sorted(names.items()))[:MAX_LIST],
    }


def _season(root: Element) -> dict[str, Any]:
    return {"season": ordinal_of(root, "seasonnumber", "season")}


def _episode(root: Element) -> dict[str, Any]:
    return {
        "season": ordinal_of(root, "season"),
        "episode": ordinal_of(root, "episode"),
        "episode_end": ordinal_of(root, "episodenumberend"),
        "display_season": ordinal_of(root, "displayseason"),
        "display_episode": ordinal_of(root, "displayepisode"),
        "airs_before_season": ordinal_of(root, "airsbefore_season"),
        "airs_before_episode": ordinal_of(root, "airsbefore_episode"),
        "airs_after_season": ordinal_of(root, "airsafter_season", "displayafterseason"),
    }


def _artist(root: Element) -> dict[str, Any]:
    return {
        "title": first_line(root, "name", "title"),
        "premiered": day_of(root, "born", "formed"),
        "ended": day_of(root, "died", "disbanded"),
        "year": year(line_of(root, "born", "formed")),
        "disambiguation": line_of(root, "disambiguation"),
        "type": line_of(root, "type"),
        "styles": lines(root, "style"),
        "moods": lines(root, "mood"),
    }


def _album(root: Element) -> dict[str, Any]:
    return {
        "people": artists_of(root),
        "type": first_line(root, "type", "releasetype"),
        "styles": lines(root, "style"),
        "moods": lines(root, "mood"),
        "is_compilation": next((boolean(child.text) for child in root.all("compilation")), None),
        "tracks": tuple(_tracks(root))[:MAX_LIST],
    }


def _tracks(root: Element) -> list[NfoTrack]:
    return [
        NfoTrack(
            title=title,
            disc=number_of(child, "disc", "cdnum"),
            position=number_of(child, "position"),
            musicbrainz_id=dict(ids_of(child, None)).get("musicbrainz_recording"),
        )
        for child in root.all("track")
        if (title := line_of(child, "title")) is not None
    ]


_MORE: dict[NfoKind, Callable[[Element], dict[str, Any]]] = {
    NfoKind.SERIES: _series,
    NfoKind.SEASON: _season,
    NfoKind.EPISODE: _episode,
    NfoKind.ARTIST: _artist,
    NfoKind.ALBUM: _album,
}
