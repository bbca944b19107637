"""One odd field never costs a record: every value of every documented answer, replaced by what it should not be."""

import asyncio
import copy
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from app.clock import SystemClock
from app.config import MetadataSettings, Settings
from app.library.kinds import ItemKind
from app.metadata.errors import BrokenRecord, NotKnown
from app.metadata.merging import merge
from app.metadata.records import Kept, Locale, Record, Wanted
from app.metadata.sources import reading
from app.metadata.sources.coverartarchive import CoverArtArchive
from app.metadata.sources.musicbrainz import MusicBrainz
from app.metadata.sources.source import Source
from app.metadata.sources.tmdb import Tmdb
from app.metadata.sources.tvdb import Tvdb
from app.metadata.sources.tvmaze import TvMaze
from app.metadata.sources.wikidata import Wikidata
from tests.fixtures.providers import ARTIST, GROUP, RELEASE, artist, film, group, release, show

HOSTILE: list[Any] = [
    None, "", " ", "\0", "\ud800", "x" * 3_000, "<script>alert(1)</script>", "../../etc/passwd", "2026-13-45",
    "March 5th", "12/31/1999", -1, 0, 1.5, 2**63, -(2**70), 1e308, True, [], {}, [None], [[]], [{}], {"a": 1},
    ["x", 1, None, {"name": 3}], "javascript:alert(1)", "http://127.0.0.1/x.svg", 999_999_999,
]  # fmt: skip
"""A provider that wrote dates in a new form has broken every film of other servers, twice."""


class Said:
    """Answers every question with one value."""

    def __init__(self, value: Any) -> None:
        self.value = value

    async def json(self, *_: object, **__: object) -> Any:
        return self.value


SETTINGS = Settings(metadata=MetadataSettings(tmdb={"token": "t"}))  # type: ignore[arg-type]


def tmdb(said: Said) -> Source:
    return Tmdb(said, SETTINGS, SystemClock())  # type: ignore[arg-type]


def tvmaze(said: Said) -> Source:
    return TvMaze(said, SETTINGS)  # type: ignore[arg-type]


def musicbrainz(said: Said) -> Source:
    return MusicBrainz(said, SETTINGS)  # type: ignore[arg-type]


class Tokenless:
    async def token(self, *_: object) -> str:
        return "t"


def tvdb(said: Said) -> Source:
    return Tvdb(said, SETTINGS, Tokenless(), SystemClock())  # type: ignore[arg-type]


def covers(said: Said) -> Source:
    return CoverArtArchive(said, SETTINGS)  # type: ignore[arg-type]


def wikidata(said: Said) -> Source:
    return Wikidata(said, SETTINGS)  # type: ignore[arg-type]


SEASON = {
    "id": 1, "season_number": 1, "name": "Season 1", "overview": "", "air_date": "2011-04-17", "poster_path": "/p.jpg",
    "episodes": [
        {"id": 5, "episode_number": 1, "name": "One", "overview": "It begins.", "air_date": "2011-04-17", "runtime": 62,
         "still_path": "/s.jpg", "vote_average": 8.1, "vote_count": 9, "season_number": 1,
         "crew": [{"id": 9, "job": "Director", "name": "Cy"}], "guest_stars": [{"id": 8, "name": "Di"}]}
    ],
}  # fmt: skip
SERIES = {
    **film(82, "Harbour"), "name": "Harbour", "original_name": "Hafen", "first_air_date": "2011-04-17",
    "last_air_date": "2019-05-19", "episode_run_time": [60], "networks": [{"id": 1, "name": "H"}], "created_by": [],
    "seasons": [{"season_number": 1, "name": "Season 1", "air_date": "2011-04-17", "poster_path": "/p.jpg", "id": 3}],
    "aggregate_credits": {"cast": [{"id": 1, "name": "A", "roles": [{"character": "B"}]}]},
    "content_ratings": {"results": [{"iso_3166_1": "US", "rating": "TV-MA"}]},
}  # fmt: skip

TVDB_SERIES = {
    "status": "success",
    "links": {"prev": None, "next": None},
    "data": {
        "id": 121361, "name": "Hafen", "image": "https://art.example/1.jpg", "firstAired": "2011-04-17",
        "lastAired": "2019-05-19", "year": "2011", "originalCountry": "usa", "averageRuntime": 57, "score": 9,
        "status": {"id": 2, "name": "Ended"}, "aliases": [{"language": "deu", "name": "Der Hafen"}],
        "genres": [{"id": 1, "name": "Drama"}], "originalNetwork": {"id": 8, "name": "H"}, "studios": [],
        "contentRatings": [{"name": "TV-MA", "country": "usa"}],
        "remoteIds": [{"id": "tt0944947", "type": 2, "sourceName": "IMDB"}],
        "characters": [{"name": "Captain", "personName": "Di", "type": 3, "personImgURL": "https://art.example/d.jpg"}],
        "artworks": [{"type": 2, "image": "https://art.example/2.jpg", "score": 10}],
        "seasons": [{"id": 5, "number": 1, "name": None, "image": None, "type": {"id": 1, "type": "official"}}],
        "translations": {
            "nameTranslations": [{"name": "Harbour", "language": "eng"}],
            "overviewTranslations": [{"overview": "Ships.", "language": "eng"}],
        },
        "episodes": [{"id": 7, "name": "One", "aired": "2011-04-17", "runtime": 62, "overview": "It begins.",
                      "image": "https://art.example/7.jpg", "number": 1, "seasonNumber": 1, "absoluteNumber": 1}],
    },
}  # fmt: skip
COVERS = {"release": "https://musicbrainz.org/release/x", "images": [
    {"types": ["Front"], "front": True, "approved": True, "image": "http://coverartarchive.org/release/x/1.jpg",
     "thumbnails": {"250": "http://caa.example/1-250.jpg", "1200": "http://caa.example/1-1200.jpg"}},
]}  # fmt: skip
ENTITY = {"entities": {"Q101": {"id": "Q101", "claims": {
    "P345": [{"rank": "normal", "mainsnak": {"snaktype": "value", "datavalue": {"type": "string", "value": "tt0101"}}}],
    "P4947": [{"rank": "normal", "mainsnak": {"datavalue": {"value": "101"}}}],
}}}}  # fmt: skip

SHOW = show(82, "Harbour")
SHOW["_embedded"]["episodes"] = SHOW["_embedded"]["episodes"][:1]

CASES: dict[str, tuple[Any, Any, ItemKind, str]] = {
    "film of tmdb": (tmdb, film(7, "The Lantern"), ItemKind.MOVIE, "7"),
    "series of tmdb": (tmdb, SERIES, ItemKind.SERIES, "82"),
    "season of tmdb": (tmdb, SEASON, ItemKind.SEASON, "82/1"),
    "show of tvmaze": (tvmaze, SHOW, ItemKind.SERIES, "82"),
    "artist of musicbrainz": (musicbrainz, artist(), ItemKind.ARTIST, ARTIST),
    "album of musicbrainz": (musicbrainz, group(), ItemKind.ALBUM, GROUP),
    "series of tvdb": (tvdb, TVDB_SERIES, ItemKind.SERIES, "121361"),
    "covers": (covers, COVERS, ItemKind.ALBUM, GROUP),
    "ids of wikidata": (wikidata, ENTITY, ItemKind.MOVIE, "Q101"),
    "release of musicbrainz": (musicbrainz, release(), ItemKind.ALBUM, f"release:{RELEASE}"),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, below in inner:
        yield from places(below, (*path, key))


def replaced(answer: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copied = copy.copy(answer)
    copied[path[0]] = replaced(answer[path[0]], path[1:], value)
    return copied


def fetched(make: Any, answer: Any, kind: ItemKind, external_id: str) -> Record:
    """Nothing is waited for in a source that is answered at once, so no loop is needed either."""
    asking = make(Said(answer)).fetch(kind, external_id, Locale())
    try:
        asking.send(None)
    except StopIteration as done:
        found: Record = done.value
        return found
    raise AssertionError("it waits for something")


def check(record: Record) -> None:
    """It can be kept: as JSON, and in rows whose keys and types hold it."""
    for one in (record, *record.children):
        kept = Kept(facts=one.facts, description=one.description)
        written = msgspec.json.encode(kept)
        again = msgspec.json.decode(written, type=Kept)
        said = merge([again, again]).description
        for keys in (
            [text.language for text in said.texts],
            [rated.name for rated in said.ratings],
            [country for country, _ in said.certifications],
            [provider for provider, _ in said.external_ids],
        ):
            assert len(keys) == len(set(keys))
        assert b"u0000" not in written
        assert all(image.url.startswith("http") for image in said.images)


@pytest.mark.parametrize("case", CASES)
def test_one_odd_field_costs_at_most_itself(case: str) -> None:
    make, answer, kind, external_id = CASES[case]
    check(fetched(make, answer, kind, external_id))
    lost = set()
    for path in places(answer):
        for value in HOSTILE:
            try:
                record = fetched(make, replaced(answer, path, value), kind, external_id)
            except (BrokenRecord, NotKnown):
                lost.add(path)
            else:
                check(record)
    # What has neither a title nor another name for one is about nothing.
    assert lost <= {(), ("title",), ("name",), ("data",), ("data", "name")}, lost


@pytest.mark.parametrize("case", CASES)
def test_a_field_that_is_missing_costs_itself(case: str) -> None:
    make, answer, kind, external_id = CASES[case]
    for path in places(answer):
        if path and isinstance(path[-1], str):
            cut = copy.deepcopy(answer)
            inside = cut
            for step in path[:-1]:
                inside = inside[step]
            del inside[path[-1]]
            try:
                check(fetched(make, cut, kind, external_id))
            except (BrokenRecord, NotKnown):
                assert path in {("title",), ("name",), ("data",)}


@pytest.mark.parametrize("make", [tmdb, tvmaze, musicbrainz, tvdb])
def test_a_search_finds_what_can_be_read_and_no_more(make: Any) -> None:
    for kind in (ItemKind.MOVIE, ItemKind.SERIES, ItemKind.ARTIST, ItemKind.ALBUM):
        wanted = Wanted(kind=kind, title='A "quoted" (title) AND more: *')
        for value in HOSTILE:
            for answer in (value, {"results": value}, {"artists": value, "release-groups": value}, [{"show": value}]):
                for one in asyncio.run(make(Said(answer)).search(wanted, Locale())):
                    assert one.title
                    assert one.external_id


@pytest.mark.parametrize("external_id", ["", "..", "../../movie/1", "1/../2", "1?x=1", "0x1", "１", "release:", "a b"])
def test_an_id_that_is_none_is_not_asked_for(external_id: str) -> None:
    """Ids come from names of files: what goes into an address is a number, or an MBID."""
    for make, _, kind, _ in CASES.values():
        with pytest.raises(NotKnown):
            asyncio.run(make(Said({"title": "x", "name": "x"})).fetch(kind, external_id, Locale()))


def test_reading_takes_what_makes_sense() -> None:
    assert reading.day("2026-04-01T10:00:00.000Z") == reading.day("2026-4-1")
    assert reading.year("1999-00-00") == 1999
    assert reading.integer("0042") == 42
    assert reading.integer(42.0) == 42
    assert reading.number("7.5") == 7.5
    assert reading.number("NaN") is None
    assert reading.prose("<p>One &amp; <b>two</b></p><p>three<br/>four") == "One & two\n\nthree\n\nfour"
    assert reading.minutes(0) is None
    assert reading.minutes(100_000) is None
    assert list(reading.texts([1, "a", None, " b "])) == ["a", "b"]
