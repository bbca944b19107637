"""What a second source adds, what is asked for by itself, tokens, and a source of somebody's own."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.config import MetadataSettings, Settings
from app.db.tx import Transactions
from app.library.descriptions import Credited, Description, Details, Rated, RemoteImage, Texts
from app.library.repository.facts import Facts
from app.metadata.merging import merge
from app.metadata.models import SourceToken
from app.metadata.records import Kept
from app.metadata.sources.coverartarchive import CoverArtArchive
from app.metadata.sources.source import Source
from app.metadata.sources.tvdb import Tvdb
from app.metadata.sources.wikidata import Wikidata
from app.metadata.tokens import Tokens
from app.vault.vault import Vault
from tests.fixtures.media import Media
from tests.fixtures.metadata import MetadataBench
from tests.fixtures.node import ROOT
from tests.fixtures.outside import Asked, Outside, Reply
from tests.fixtures.providers import ARTIST, RELEASE, Providers, artist, film, release
from tests.fixtures.tree import WriteTree
from tests.library.scan.test_music import Songs
from tests.metadata.sources.test_hostile import COVERS, ENTITY, SEASON, SERIES, TVDB_SERIES
from tests.metadata.test_films import LANTERN, shelved
from tests.metadata.test_shows_and_music import tagged


def add(metadata: MetadataBench, source: Source, outside: Outside, *kinds: str) -> None:
    """Let a source join: it stands at `/<name>` of the test's server, behind those that were there."""
    terms = source.terms
    values = {name: getattr(terms, name) for name in terms.__dataclass_fields__}
    source.terms = type(terms)(
        **values | {"base_url": f"{outside.url}/{terms.name}", "interval": timedelta(microseconds=1)}
    )
    metadata.registry._sources[source.name] = source
    chosen = metadata.registry._settings.sources
    for kind in kinds:
        object.__setattr__(chosen, kind, (*getattr(chosen, kind), source.name))


async def test_another_source_is_asked_what_it_calls_it_and_adds_what_is_missing(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    add(metadata, Wikidata(metadata.asking, Settings()), providers.outside, "movies")
    entity = {"entities": {"Q101": ENTITY["entities"]["Q101"] | {"claims": {
        **ENTITY["entities"]["Q101"]["claims"], "P12196": [{"mainsnak": {"datavalue": {"value": "555"}}}],
    }}}}  # fmt: skip
    providers.outside.answers["/wikidata/wiki/Special:EntityData/Q101.json"] = Reply.json(entity)
    providers.films = [LANTERN]
    await shelved(metadata, tree, "The Lantern (1999)")

    assert await metadata.work() == ["completed"] * 4  # found, fetched, cross-walked, fetched there too

    ids = await metadata.library.rows("SELECT provider, value FROM external_id ORDER BY provider")
    assert {row["provider"]: row["value"] for row in ids} == {
        "imdb": "tt0000101", "tmdb": "101", "tvdb": "555", "wikidata": "Q101",
    }  # fmt: skip
    (text,) = await metadata.library.rows("SELECT plot FROM item_text")
    assert text["plot"] == "What happens in The Lantern."


async def test_covers_come_by_the_ids_of_musicbrainz(metadata: MetadataBench) -> None:
    source = CoverArtArchive(metadata.asking, Settings())
    from app.library.kinds import ItemKind

    ids = {"musicbrainz_release": "r", "musicbrainz_release_group": "g"}
    assert source.own_id(ItemKind.ALBUM, ids) == "release:r"
    assert source.own_id(ItemKind.ALBUM, {"musicbrainz_release_group": "g"}) == "g"
    assert source.own_id(ItemKind.ARTIST, ids) is None
    assert source.only_adds


async def test_covers_follow_an_album_over_http(
    metadata: MetadataBench, providers: Providers, media: Media, tmp_path: Path
) -> None:
    """From tags over MusicBrainz' release to the archive's list, and to the pictures that wait to be fetched."""
    outside, songs = providers.outside, Songs(media, tmp_path / "music")
    add(metadata, CoverArtArchive(metadata.asking, Settings()), outside, "music")
    providers.artists, providers.releases = [artist()], [release()]
    hidden = {"types": ["Front"], "approved": False, "image": "http://coverartarchive.org/release/x/2.jpg"}
    address = f"/coverartarchive/release/{RELEASE}"
    outside.answers[address] = Reply.json({**COVERS, "images": [*COVERS["images"], hidden, {"types": None}, 7]})
    songs.write(
        "1.flac", title="Wick 1", artist="Lamplighters", album="Paraffin", tracknumber="1",
        musicbrainz_albumartistid=ARTIST, musicbrainz_albumid=RELEASE,
    )  # fmt: skip
    await tagged(metadata.library, songs)

    assert set(await metadata.work()) == {"completed"}

    assert outside.paths.count(address) == 1
    rows = await metadata.library.rows(
        "SELECT item.kind, image.role, image.source, image.url FROM image JOIN item ON item.id = image.item_id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("album", "poster", "remote", "https://caa.example/1-1200.jpg"),
    ]
    records = await metadata.library.rows(
        "SELECT external_id FROM metadata_record JOIN item ON item.id = item_id"
        " WHERE source = 'coverartarchive' AND item.kind = 'album'"
    )
    assert [row["external_id"] for row in records] == [f"release:{RELEASE}"]


async def test_an_album_that_the_archive_does_not_know_keeps_what_it_has(
    metadata: MetadataBench, providers: Providers, media: Media, tmp_path: Path
) -> None:
    songs = Songs(media, tmp_path / "music")
    add(metadata, CoverArtArchive(metadata.asking, Settings()), providers.outside, "music")
    providers.artists, providers.releases = [artist()], [release()]
    songs.write(
        "1.flac", title="Wick 1", artist="Lamplighters", album="Paraffin", tracknumber="1",
        musicbrainz_albumartistid=ARTIST, musicbrainz_albumid=RELEASE,
    )  # fmt: skip
    await tagged(metadata.library, songs)

    assert "JobCancel" in await metadata.work()

    (album,) = [one for one in await metadata.match() if one["external_id"] != ARTIST]
    assert (album["state"], album["source"]) == ("matched", "musicbrainz")
    assert await metadata.library.rows("SELECT FROM image WHERE item_id IS NOT NULL") == []


async def test_seasons_that_are_told_apart_are_asked_for_where_we_have_them(
    metadata: MetadataBench, providers: Providers, tree: WriteTree, transactions: Transactions
) -> None:
    outside = providers.outside
    outside.answers["/tmdb/search/tv"] = Reply.json(
        {"results": [{"id": 82, "name": "Harbour", "first_air_date": "2011-04-17", "origin_country": ["US"]}]}
    )
    seasons = [{"season_number": number, "name": f"Season {number}", "id": number} for number in (0, 1, 2, 3)]
    outside.answers["/tmdb/tv/82"] = Reply.json({**SERIES, "id": 82, "seasons": seasons, "status": "Returning Series"})
    outside.answers["/tmdb/tv/82/season/1"] = Reply.json(SEASON)
    library_id = await metadata.library.add(
        tree({"Harbour (2011)/Season 1/Harbour - S01E01.mkv": "x"}), kind="tvshows", name="Shows"
    )
    async with transactions.begin() as tx:
        await metadata.service.set_sources(tx, library_id, {"sources": ["tmdb"]})
    await metadata.library.scan(library_id)

    assert await metadata.work() == ["completed"] * 3

    assert [path for path in outside.paths if "season" in path] == ["/tmdb/tv/82/season/1"]
    (episode,) = await metadata.library.rows(
        "SELECT title, plot FROM item JOIN item_text USING (title) WHERE kind = 'episode'"
    )
    assert tuple(episode.values()) == ("One", "It begins.")
    (row,) = await metadata.library.rows(
        "SELECT refresh_at - fetched_at AS wait FROM metadata_record WHERE refresh_at IS NOT NULL"
    )
    assert timedelta(days=7) <= row["wait"] < timedelta(days=9)  # it is still running


async def test_what_is_due_is_asked_for_once_and_spread_over_the_day(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    providers.films = [LANTERN, film(103, "Wick")]
    await shelved(metadata, tree, "The Lantern (1999)", "Wick (1999)", "Nobody Knows This (2001)")
    await metadata.work()
    asked = len(providers.asked)
    from app.metadata.jobs import RefreshMetadataArgs

    assert await metadata.refresher.refresh(RefreshMetadataArgs()) == {"asked": 0, "asked_already": 0}
    await metadata.library.connection.execute(
        "UPDATE metadata_record SET refresh_at = now(); UPDATE metadata_match SET asked_at = now() - interval '15 days'"
    )
    assert await metadata.refresher.refresh(RefreshMetadataArgs()) == {"asked": 3, "asked_already": 0}
    assert await metadata.refresher.refresh(RefreshMetadataArgs()) == {"asked": 0, "asked_already": 3}
    rows = await metadata.library.rows(
        "SELECT scheduled_at - now() AS wait FROM river.river_job"
        " WHERE kind = 'metadata.fetch' AND state IN ('scheduled', 'available')"
    )
    assert len(rows) == 3
    assert all(timedelta(seconds=-60) <= row["wait"] <= timedelta(days=1) for row in rows)
    await metadata.library.connection.execute(
        "UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled'"
    )
    await metadata.work()
    assert len(providers.asked) == asked  # all of it was still fresh
    (due,) = await metadata.library.rows("SELECT count(*) FROM metadata_record WHERE refresh_at <= now()")
    assert due["count"] == 0


JWT = "e30.eyJleHAiOjE4OTM0NTYwMDB9.x"
"""Ends in 2030: {"exp": 1893456000}."""


@pytest.fixture
def tvdb(metadata: MetadataBench, transactions: Transactions, outside: Outside, tmp_path: Any) -> Tvdb:
    from app.clock import SystemClock

    settings = Settings(data_dir=tmp_path, metadata=MetadataSettings(tvdb={"api_key": "hushhush", "pin": "1234"}))  # type: ignore[arg-type]
    vault = Vault(settings, transactions)
    source = Tvdb(metadata.asking, settings, Tokens(transactions, vault, SystemClock()), SystemClock())
    add(metadata, source, outside, "tvshows")
    outside.answers["/tvdb/login"] = Reply.json({"status": "success", "data": {"token": JWT}})
    outside.answers["/tvdb/series/121361/extended"] = Reply.json(TVDB_SERIES)
    outside.answers["/tvdb/series/121361/episodes/default/eng"] = Reply.json(TVDB_SERIES)
    return source


async def test_a_token_is_got_once_for_all_kept_sealed_and_renewed_in_time(
    tvdb: Tvdb, outside: Outside, metadata: MetadataBench
) -> None:
    from app.library.kinds import ItemKind
    from app.metadata.records import Locale

    for _ in range(2):
        record = await tvdb.fetch(ItemKind.SERIES, "121361", Locale())
    assert (record.facts.title, record.facts.original_title) == ("Harbour", "Hafen")
    assert outside.paths.count("/tvdb/login") == 1
    assert outside.asked[0].body == b'{"apikey":"hushhush","pin":"1234"}'
    assert outside.asked[1].headers["authorization"] == f"Bearer {JWT}"
    (row,) = await metadata.library.rows("SELECT * FROM metadata_token")
    assert JWT not in str(row)
    assert "hushhush" not in str(row)
    assert row["expires_at"].year == 2030

    tokens = tvdb._tokens
    assert await tokens.refresh([tvdb]) == {"tvdb": "kept"}
    await metadata.library.connection.execute("UPDATE metadata_token SET expires_at = now() + interval '2 days'")
    assert await tokens.refresh([tvdb]) == {"tvdb": "renewed"}
    assert outside.paths.count("/tvdb/login") == 2
    outside.answers["/tvdb/login"] = Reply(500)
    await metadata.library.connection.execute("UPDATE metadata_token SET expires_at = now() + interval '2 days'")
    assert await tokens.refresh([tvdb]) == {"tvdb": "failed"}
    assert SourceToken.__tablename__ == "metadata_token"


FOUND_SERIES = {
    "status": "success",
    "data": [
        {"objectID": "series-121361", "tvdb_id": "121361", "id": "series-121361", "name": "Hafen", "type": "series",
         "year": "2011", "country": "usa", "aliases": ["Der Hafen"], "translations": {"eng": "Harbour", "deu": "Hafen"},
         "overviews": {"eng": "Ships."}, "image_url": "https://art.example/1.jpg",
         "thumbnail": "https://art.example/1_t.jpg"},
        {"objectID": "series-7", "tvdb_id": "7", "name": "Harbour", "type": "series", "year": "1963", "country": "gbr"},
        {"objectID": "series-8", "name": "without an id", "year": 2011},
        "odd",
    ],
    "links": {"prev": None, "next": None, "total_items": 4, "page_size": 25},
}  # fmt: skip


async def test_a_series_is_searched_at_thetvdb_found_and_fetched_over_http(
    tvdb: Tvdb, metadata: MetadataBench, outside: Outside, tree: WriteTree, transactions: Transactions
) -> None:
    outside.answers["/tvdb/search"] = Reply.json(FOUND_SERIES)
    root = tree({"Harbour (2011)/Season 1/Harbour - S01E01.mkv": "x"})
    library_id = await metadata.library.add(root, kind="tvshows", name="Shows")
    async with transactions.begin() as tx:
        await metadata.service.set_sources(tx, library_id, {"sources": [tvdb.name]})
    await metadata.library.scan(library_id)

    assert await metadata.work() == ["completed", "completed"]

    (search,) = [one for one in outside.asked if one.path == "/tvdb/search"]
    assert (search.one("query"), search.one("type")) == ("Harbour", "series")
    assert search.headers["authorization"] == f"Bearer {JWT}"
    match = await metadata.match()
    assert (match["state"], match["source"], match["external_id"]) == ("matched", "tvdb", "121361")
    (episode,) = await metadata.library.rows(
        "SELECT item.title, item_text.plot FROM item JOIN item_text ON item_text.item_id = item.id"
        " WHERE item.kind = 'episode'"
    )
    assert tuple(episode.values()) == ("One", "It begins.")
    found = await metadata.service.search(match["item_id"], source="tvdb")
    assert [one.candidate.external_id for one in found] == ["121361", "7"]
    assert found[0].candidate.aliases == ("Der Hafen",)


async def test_thetvdb_counts_as_it_is_asked_to_and_tells_in_several_languages(tvdb: Tvdb, outside: Outside) -> None:
    from app.library.kinds import ItemKind
    from app.metadata.records import Locale

    whole = {
        **TVDB_SERIES["data"],  # type: ignore[dict-item]
        "seasonTypes": [
            {"id": 1, "name": "Aired Order", "type": "official", "alternateName": None},
            {"id": 2, "name": "DVD Order", "type": "dvd", "alternateName": "Discs"},
            {"id": 3, "name": "Absolute Order", "type": "absolute", "alternateName": None},
        ],
        "seasons": [
            {"id": 5, "number": 1, "name": None, "image": None, "type": {"id": 1, "type": "official"}},
            {"id": 6, "number": 1, "name": "Disc One", "image": None, "type": {"id": 2, "type": "dvd"}},
            {"id": 7, "number": 2, "name": "Disc Two", "image": None, "type": {"id": 2, "type": "dvd"}},
        ],
    }
    outside.answers["/tvdb/series/121361/extended"] = Reply.json({"status": "success", "data": whole})

    def discs(language: str, plot: str | None) -> Reply:
        listed = [{"id": 7, "name": f"One ({language})", "aired": "2011-04-17", "number": 4, "seasonNumber": 2,
                   "overview": plot, "absoluteNumber": 1}]  # fmt: skip
        return Reply.json({"data": {"episodes": listed}, "links": {"next": None}})

    outside.answers["/tvdb/series/121361/episodes/dvd/eng"] = discs("eng", "It begins.")
    outside.answers["/tvdb/series/121361/episodes/dvd/deu"] = discs("deu", "Es beginnt.")
    outside.answers["/tvdb/series/121361/episodes/dvd/fra"] = discs("fra", None)  # not translated

    record = await tvdb.fetch(ItemKind.SERIES, "121361", Locale(order="dvd", also=("de", "fr", "xx")))

    assert record.is_counted
    assert [(one.kind, one.season, one.number, one.facts.title) for one in record.children] == [
        ("season", 1, 1, "Disc One"), ("season", 2, 2, "Disc Two"), ("episode", 2, 4, "One (eng)"),
    ]  # fmt: skip
    assert [(text.language, text.plot) for text in record.children[-1].description.texts] == [
        ("en", "It begins."), ("de", "Es beginnt."),
    ]  # fmt: skip
    found = await tvdb.orders("121361", Locale())
    assert [(one.key, one.kind, one.name, one.seasons) for one in found] == [
        ("tvdb:dvd", "dvd", "Discs", 2), ("tvdb:absolute", "absolute", "Absolute Order", None),
    ]  # fmt: skip
    aired = await tvdb.fetch(ItemKind.SERIES, "121361", Locale(order="regional"))
    assert (aired.is_counted, aired.children[-1].facts.title) == (False, "One")


async def test_a_token_that_was_withdrawn_is_got_anew(
    tvdb: Tvdb, metadata: MetadataBench, outside: Outside, tree: WriteTree, transactions: Transactions
) -> None:
    outside.answers["/tvdb/search"] = Reply.json({"status": "failure", "message": "Unauthorized"}, 401)
    root = tree({"Harbour (2011)/Season 1/Harbour - S01E01.mkv": "x"})
    library_id = await metadata.library.add(root, kind="tvshows", name="Shows")
    async with transactions.begin() as tx:
        await metadata.service.set_sources(tx, library_id, {"sources": [tvdb.name]})
    await metadata.library.scan(library_id)
    assert await metadata.work() == ["JobSnooze"]

    outside.answers["/tvdb/search"] = Reply.json(FOUND_SERIES)
    await metadata.library.connection.execute(
        "UPDATE metadata_source SET blocked_until = NULL; UPDATE river.river_job SET state = 'available',"
        " scheduled_at = now() WHERE state = 'scheduled'"
    )
    assert await metadata.work() == ["completed", "completed"]
    assert outside.paths.count("/tvdb/login") == 2


def kept(**values: Any) -> Kept:
    facts = values.pop("facts", Facts())
    return Kept(facts=facts, description=Description(**values))


def test_of_each_field_the_first_source_that_says_something() -> None:
    first = kept(
        facts=Facts(title="Film"),
        texts=(Texts(language="de", plot="Zuerst."), Texts(language="en", title="Film")),
        details=Details(status="Ended"),
        labels=(("genre", "Drama"),),
        ratings=(Rated(name="a", value=7),),
        external_ids=(("tmdb", "1"),),
        images=tuple(RemoteImage(role="poster", url=f"https://x/{n}") for n in range(9)),
    )
    second = kept(
        facts=Facts(title="Other", year=1999),
        texts=(Texts(language="en", title="Other", plot="Second."),),
        details=Details(status="Running", runtime_minutes=90),
        credits=(Credited(name="Ada", role="actor"), Credited(name="Ada", role="actor")),
        labels=(("genre", "Comedy"), ("studio", "Lamp")),
        ratings=(Rated(name="a", value=1), Rated(name="b", value=2)),
        external_ids=(("tmdb", "2"), ("imdb", "tt1")),
        images=(RemoteImage(role="poster", url="https://x/0"), RemoteImage(role="logo", url="https://x/l")),
    )
    merged = merge([first, second])
    said = merged.description
    assert merged.facts == Facts(title="Film", year=1999)
    assert said.texts == (
        Texts(language="de", plot="Zuerst."), Texts(language="en", title="Film", plot="Second."),
    )  # fmt: skip
    assert (said.details.status, said.details.runtime_minutes) == ("Ended", 90)
    assert said.labels == (("genre", "Drama"), ("studio", "Lamp"))
    assert [(rated.name, rated.value) for rated in said.ratings] == [("a", 7), ("b", 2)]
    assert dict(said.external_ids) == {"tmdb": "1", "imdb": "tt1"}
    assert len(said.credits) == 1
    assert [image.role for image in said.images] == ["poster"] * 8 + ["logo"]
    assert merge([]) == Kept()


async def test_a_source_of_ones_own_is_the_file_that_the_page_shows(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    page = (ROOT / "docs" / "metadata.md").read_text("utf-8")
    shown, line = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert line.strip() == "lantern = provide(Lantern, provides=Source)"
    imports = """
from collections.abc import Sequence
from datetime import timedelta
from app.library.kinds import ItemKind
from app.library.repository.facts import Facts
from app.metadata.asking import Asking
from app.metadata.records import Candidate, Locale, Record, Wanted
from app.metadata.sources import reading
from app.metadata.sources.source import Source
from app.metadata.terms import Terms
"""
    names: dict[str, Any] = {}
    exec(compile(imports + shown, "lantern.py", "exec"), names)
    object.__setattr__(metadata.registry._settings.sources, "movies", ())
    add(metadata, names["Lantern"](metadata.asking), providers.outside, "movies")

    def answer(asked: Asked) -> Reply:
        return Reply.json({"films": [{"id": 5, "title": asked.one("q")}]})

    providers.outside.answers["/lantern/search"] = answer
    providers.outside.answers["/lantern/films/5"] = Reply.json({"title": "The Lantern, at Last"})
    await shelved(metadata, tree, "The Lantern")
    await metadata.work()
    rows: Sequence[dict[str, Any]] = await metadata.library.rows("SELECT title FROM item")
    assert [row["title"] for row in rows] == ["The Lantern, at Last"]
    assert (await metadata.match())["source"] == "lantern"


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"movies": ("nobody",)}, r"metadata\.sources\.movies: there is no source 'nobody'; there are tmdb"),
        ({"movies": ("tmdb",)}, r"metadata\.sources\.movies: tmdb needs a key"),
        ({"music": ("tvmaze",)}, r"metadata\.sources\.music: there is no source 'tvmaze'"),
    ],
)
def test_a_configuration_that_names_whom_nobody_can_ask_is_told(sources: Any, said: str) -> None:
    from app.clock import SystemClock
    from app.errors import InvalidInput
    from app.metadata.registry import Registry
    from app.metadata.sources.tmdb import Tmdb
    from app.metadata.sources.tvmaze import TvMaze

    settings = Settings(metadata=MetadataSettings(sources=sources))
    asking: Any = None
    with pytest.raises(InvalidInput, match=said):
        Registry([Tmdb(asking, settings, SystemClock()), TvMaze(asking, settings)], settings)


async def test_another_language_is_asked_for_with_the_next_refresh(
    metadata: MetadataBench, providers: Providers, tree: WriteTree, transactions: Transactions
) -> None:
    providers.films = [LANTERN]
    library_id = await shelved(metadata, tree, "The Lantern (1999)")
    await metadata.work()
    async with transactions.begin() as tx:
        await metadata.service.set_sources(tx, library_id, {"language": "de", "region": "DE"})
        await metadata.service.refresh(tx, library_id)
    await metadata.work()
    assert providers.outside.asked[-1].one("language") == "de-DE"
    (text,) = await metadata.library.rows("SELECT language FROM item_text ORDER BY position LIMIT 1")
    assert text["language"] == "de"


async def test_a_persons_choice_that_the_source_does_not_know_stays_with_the_reason(
    metadata: MetadataBench, providers: Providers, tree: WriteTree, transactions: Transactions
) -> None:
    await shelved(metadata, tree, "The Lantern (1999)")
    await metadata.work()
    (item,) = await metadata.library.rows("SELECT id FROM item")
    async with transactions.begin() as tx:
        await metadata.service.choose(tx, item["id"], "tmdb", "999")
    assert await metadata.work() == ["JobCancel"]
    match = await metadata.match()
    assert (match["state"], match["decided_by"]) == ("matched", "user")
    assert "999" in match["reason"]
