"""Episodes counted over all seasons, by discs, by somebody's list: which of a source's a number of ours means."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.catalog.watching import Watching
from app.clock import SystemClock
from app.config import Settings
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.library.kinds import ItemKind
from app.metadata.errors import NotCounted
from app.metadata.kinds import EpisodeOrder
from app.metadata.orders import EpisodeOrders
from app.metadata.records import Apart, Locale
from app.metadata.sources import tmdb_episodes, tmdb_orders
from app.playback.watching.states import WatchStates
from tests.fixtures.metadata import MetadataBench
from tests.fixtures.outside import Asked, Outside, Reply
from tests.fixtures.providers import Providers, show
from tests.fixtures.tree import WriteTree
from tests.metadata.sources.test_hostile import SERIES

DVD, ABSOLUTE = "5acf93e60e0a26346d0000ce", "5f1573a33852020036d50619"


def episode(season: int, number: int, **more: Any) -> dict[str, Any]:
    """Return an episode as a season and a group show it."""
    return {
        "air_date": f"20{10 + season}-04-{number:02}", "episode_number": number, "id": season * 1000 + number,
        "name": f"Aired {season}.{number}", "overview": f"What happens in {season}.{number}.", "production_code": "",
        "runtime": 24, "season_number": season, "show_id": 82, "still_path": f"/{season}{number}.jpg",
        "vote_average": 8.1, "vote_count": 9, **more,
    }  # fmt: skip


def season(number: int, *numbers: int) -> dict[str, Any]:
    return {
        "_id": "52", "air_date": f"20{10 + number}-04-01", "episodes": [episode(number, one) for one in numbers],
        "name": f"Season {number}", "overview": "", "id": 300 + number, "poster_path": f"/s{number}.jpg",
        "season_number": number, "vote_average": 0, "translations": {"translations": []},
    }  # fmt: skip


SEASONS = {0: season(0, 1, 2), 1: season(1, 1, 2, 3), 2: season(2, 4, 5, 6)}
"""The second goes on counting where the first ended, as long anime does there."""

GROUPS = {
    "results": [
        {"description": "As on the discs", "episode_count": 6, "group_count": 3, "id": DVD, "name": "DVD",
         "network": None, "type": 3},
        {"description": "", "episode_count": 5, "group_count": 1, "id": "5acf93e60e0a26346d0000aa", "name": "Half",
         "network": {"id": 1, "logo_path": None, "name": "N", "origin_country": "US"}, "type": 3},
        {"description": "", "episode_count": 6, "group_count": 1, "id": ABSOLUTE, "name": "Absolute Order",
         "network": None, "type": 2},
    ],
    "id": 82,
}  # fmt: skip


def group(group_id: str, kind: int, *seasons: tuple[str, int, Sequence[tuple[int, int]]]) -> dict[str, Any]:
    """Return a group as `/tv/episode_group/{id}` shows it: seasons by name, order and what is in them."""
    return {
        "description": "", "episode_count": 6, "group_count": len(seasons), "id": group_id, "name": "x",
        "network": None, "type": kind,
        "groups": [
            {"id": f"{group_id[:-2]}{order:02}", "name": name, "order": order, "locked": True,
             "episodes": [episode(*one, order=place) for place, one in enumerate(listed)]}
            for name, order, listed in seasons
        ],
    }  # fmt: skip


DISCS = group(
    DVD, 3, ("Specials", 0, [(0, 2), (0, 1)]), ("Disc One", 1, [(1, 2), (1, 1), (2, 4)]),
    ("Disc Two", 2, [(2, 6), (1, 3), (2, 5)]),
)  # fmt: skip


@pytest.fixture
def harbour(providers: Providers) -> Outside:
    """A series at TMDb, of two seasons and specials, and two lists of it."""
    outside = providers.outside
    found = {"id": 82, "name": "Harbour", "first_air_date": "2011-04-17", "origin_country": ["JP"]}
    outside.answers["/tmdb/search/tv"] = Reply.json({"results": [found]})
    listed = [{**one, "episode_count": len(one["episodes"])} for one in SEASONS.values()]
    whole = {**SERIES, "id": 82, "seasons": listed, "episode_groups": GROUPS}
    outside.answers["/tmdb/tv/82"] = Reply.json(whole)
    for number, one in SEASONS.items():
        outside.answers[f"/tmdb/tv/82/season/{number}"] = Reply.json(one)
    outside.answers[f"/tmdb/tv/episode_group/{DVD}"] = Reply.json(DISCS)
    return outside


async def shelved(metadata: MetadataBench, tree: WriteTree, *names: str, sources: Sequence[str] = ("tmdb",)) -> UUID:
    library_id = await metadata.library.add(tree({f"Harbour (2011)/{n}.mkv": n for n in names}), kind="tvshows")
    async with metadata.transactions.begin() as tx:
        await metadata.service.set_sources(tx, library_id, {"sources": list(sources)})
    await metadata.library.scan(library_id)
    assert set(await metadata.work()) == {"completed"}
    return library_id


async def called(metadata: MetadataBench) -> list[str]:
    """Return what episodes are called, in the order of their numbers."""
    rows = await metadata.library.rows(
        "SELECT item.title FROM item JOIN item parent ON parent.id = item.parent_id WHERE item.kind = 'episode'"
        " ORDER BY parent.number, item.number"
    )
    return [row["title"] for row in rows]


@pytest.fixture
def orders(metadata: MetadataBench) -> EpisodeOrders:
    return EpisodeOrders(metadata.transactions, metadata.registry, metadata.inserter)


async def series_of(metadata: MetadataBench) -> UUID:
    (row,) = await metadata.library.rows("SELECT id FROM item WHERE kind = 'series'")
    found: UUID = row["id"]
    return found


async def choose(metadata: MetadataBench, orders: EpisodeOrders, order: str | None) -> None:
    async with metadata.transactions.begin() as tx:
        await orders.choose(tx, await series_of(metadata), order)
    assert set(await metadata.work()) == {"completed"}


async def test_anime_counted_over_all_seasons_finds_its_episodes(
    metadata: MetadataBench, harbour: Outside, tree: WriteTree
) -> None:
    """One request more for each season that we have something of, and none for those we have not."""
    await shelved(metadata, tree, "[Wick] Harbour - 02", "[Wick] Harbour - 05 [1080p]", "[Wick] Harbour - 99")

    assert await called(metadata) == ["Aired 1.2", "Aired 2.5", "Episode 99"]
    assert [path for path in harbour.paths if "/tv/82" in path] == [
        "/tmdb/tv/82", "/tmdb/tv/82/season/1", "/tmdb/tv/82/season/2",
    ]  # fmt: skip
    assert await metadata.library.rows("SELECT FROM metadata_record WHERE record IS NULL") != []  # asked, not known
    seasons = await metadata.library.rows("SELECT title, number FROM item WHERE kind = 'season'")
    assert [tuple(row.values()) for row in seasons] == [("Season 1", 1)]


async def test_another_order_is_chosen_and_taken_back_and_what_was_watched_stays(
    metadata: MetadataBench, harbour: Outside, tree: WriteTree, orders: EpisodeOrders, transactions: Transactions
) -> None:
    await shelved(
        metadata, tree, "Season 1/Harbour - S01E01", "Season 1/Harbour - S01E03", "Season 2/Harbour - S02E01",
        "Specials/Harbour - S00E01",
    )  # fmt: skip
    assert await called(metadata) == ["Aired 0.1", "Aired 1.1", "Aired 1.3", "Episode 1"]
    before = await metadata.library.rows("SELECT id, number, parent_id FROM item ORDER BY id")
    (first,) = await metadata.library.rows("SELECT id FROM item WHERE title = 'Aired 1.1'")
    watching = Watching(transactions, WatchStates(Settings(), SystemClock()))
    await watching.mark(LOCAL_ADMINISTRATOR, first["id"], watched=True)
    asked = len(harbour.asked)

    await choose(metadata, orders, "dvd")

    assert await called(metadata) == ["Aired 0.2", "Aired 1.2", "Aired 2.4", "Aired 2.6"]
    assert harbour.paths[asked:] == [f"/tmdb/tv/episode_group/{DVD}"]
    seasons = await metadata.library.rows("SELECT title FROM item WHERE kind = 'season' ORDER BY number")
    assert [row["title"] for row in seasons] == ["Specials", "Disc One", "Disc Two"]
    ids = await metadata.library.rows(
        "SELECT value FROM external_id WHERE item_id = %s AND provider = 'tmdb'", first["id"]
    )
    assert [row["value"] for row in ids] == ["1002"]

    counted = await orders.counted(await series_of(metadata))
    assert (counted.chosen, counted.library) == ("dvd", "aired")
    assert [(one.key, one.kind, one.episodes) for one in counted.lists] == [
        (f"tmdb:{DVD}", "dvd", 6), ("tmdb:5acf93e60e0a26346d0000aa", "dvd", 5), (f"tmdb:{ABSOLUTE}", "absolute", 6),
    ]  # fmt: skip

    await choose(metadata, orders, None)

    assert await called(metadata) == ["Aired 0.1", "Aired 1.1", "Aired 1.3", "Episode 1"]
    assert await metadata.library.rows("SELECT id, number, parent_id FROM item ORDER BY id") == before
    (state,) = await metadata.library.rows("SELECT item_id FROM watch_state WHERE watched AND play_count > 0")
    assert state["item_id"] == first["id"]


async def test_a_library_is_counted_so_where_nothing_else_is_said_and_a_list_that_is_gone_is_as_it_aired(
    metadata: MetadataBench, harbour: Outside, tree: WriteTree, orders: EpisodeOrders
) -> None:
    library_id = await shelved(metadata, tree, "Harbour - S01E01")
    async with metadata.transactions.begin() as tx:
        await metadata.service.set_sources(tx, library_id, {"episode_order": "dvd"})
        await metadata.service.refresh(tx, library_id)
    await metadata.work()
    assert await called(metadata) == ["Aired 1.2"]

    # Its own word counts more, and outlasts another match.
    await choose(metadata, orders, "aired")
    assert await called(metadata) == ["Aired 1.1"]
    async with metadata.transactions.begin() as tx:
        await metadata.service.look_again(tx, await series_of(metadata))
    await metadata.work()
    assert await called(metadata) == ["Aired 1.1"]

    await choose(metadata, orders, f"tmdb:{ABSOLUTE}")  # listed, and gone when it is asked for
    assert await called(metadata) == ["Aired 1.1"]
    await choose(metadata, orders, "production")  # nobody made one
    assert await called(metadata) == ["Aired 1.1"]


async def test_what_is_chosen_while_somebody_asks_is_what_is_kept(
    metadata: MetadataBench, harbour: Outside, tree: WriteTree, orders: EpisodeOrders
) -> None:
    await shelved(metadata, tree, "Harbour - S01E01")
    await metadata.library.connection.execute("DELETE FROM metadata_answer")
    whole = harbour.answers["/tmdb/tv/82"]
    assert isinstance(whole, Reply)

    async def chosen_meanwhile(_: Asked) -> Reply:
        harbour.answers["/tmdb/tv/82"] = whole
        async with metadata.transactions.begin() as tx:
            result = await orders.choose(tx, await series_of(metadata), "dvd")
        assert result.unique_skipped_as_duplicate  # it is being asked, and nobody else will ask again
        return whole

    harbour.answers["/tmdb/tv/82"] = chosen_meanwhile
    await choose(metadata, orders, None)
    assert await called(metadata) == ["Aired 1.2"]


async def test_a_second_source_that_counts_otherwise_tells_of_no_episode(
    metadata: MetadataBench, providers: Providers, harbour: Outside, tree: WriteTree, orders: EpisodeOrders
) -> None:
    providers.shows = [show(7, "Harbour", externals={"imdb": "tt0000082", "thetvdb": None})]
    await shelved(metadata, tree, "Harbour - S01E02", sources=("tmdb", "tvmaze"))
    told = (
        "SELECT source FROM metadata_record JOIN item ON item.id = item_id"
        " WHERE kind = 'episode' AND record IS NOT NULL"
    )
    assert {row["source"] for row in await metadata.library.rows(told)} == {"tmdb", "tvmaze"}

    await choose(metadata, orders, "dvd")
    assert {row["source"] for row in await metadata.library.rows(told)} == {"tmdb"}
    await choose(metadata, orders, None)
    assert {row["source"] for row in await metadata.library.rows(told)} == {"tmdb", "tvmaze"}


@pytest.mark.parametrize("order", ["", "by_hand", "dvds", "tvmaze:5", "tmdb:../x", "tmdb:", "imdb:1"])
async def test_an_order_that_is_none_changes_nothing(
    metadata: MetadataBench, harbour: Outside, tree: WriteTree, orders: EpisodeOrders, order: str
) -> None:
    library_id = await metadata.library.add(tree({"Harbour (2011)/Harbour - S01E01.mkv": "x"}), kind="tvshows")
    async with metadata.transactions.begin() as tx:
        await metadata.service.set_sources(tx, library_id, {"sources": ["tmdb"]})
    await metadata.library.scan(library_id)
    with pytest.raises(InvalidInput, match="order"):
        async with metadata.transactions.begin() as tx:
            await orders.choose(tx, await series_of(metadata), order)
    assert await metadata.library.rows("SELECT FROM metadata_order") == []
    (season_item,) = await metadata.library.rows("SELECT id FROM item WHERE kind = 'season'")
    with pytest.raises(NotCounted):
        await orders.counted(season_item["id"])


def numbers(details: dict[str, Any]) -> list[tuple[int | None, int | None, int | None, str | None]]:
    told = tmdb_orders.children({"en": details}, "82", Locale())
    return [(one.season, one.number, one.absolute, one.facts.title) for one in told if one.kind is ItemKind.EPISODE]


def test_lists_are_numbered_as_people_write_them() -> None:
    assert [one[:3] for one in numbers(DISCS)] == [
        (0, 1, None), (0, 2, None), (1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 1, 4), (2, 2, 5), (2, 3, 6),
    ]  # fmt: skip
    # Who began to count at nothing, with what are no specials, meant the first.
    from_nothing = group(ABSOLUTE, 2, ("All", 0, [(1, 1), (2, 4)]))
    assert numbers(from_nothing) == [(1, 1, 1, "Aired 1.1"), (1, 2, 2, "Aired 2.4")]
    only_specials = group(ABSOLUTE, 2, ("Movies", 0, [(0, 2)]), ("All", 1, [(1, 1)]))
    assert [one[:3] for one in numbers(only_specials)] == [(0, 1, None), (1, 1, 1)]
    # One without an id is no episode of ours, and still takes its place.
    odd = group(DVD, 3, ("One", 1, [(1, 1), (1, 2), (1, 3)]))
    del odd["groups"][0]["episodes"][1]["id"]
    assert [one[1] for one in numbers(odd)] == [1, 3]
    # Two of one number: the first; none at all: nothing.
    twice = group(DVD, 3, ("One", 1, [(1, 1)]), ("Two", 1, [(1, 2)]))
    assert [one[3] for one in numbers(twice)] == ["Aired 1.1"]
    assert numbers({"groups": None}) == []


def test_the_list_that_holds_most_is_meant_by_its_kind() -> None:
    whole = {"episode_groups": GROUPS}
    assert tmdb_orders.chosen(whole, "dvd") == DVD
    assert tmdb_orders.chosen(whole, "tmdb:5acf93e60e0a26346d0000aa") == "5acf93e60e0a26346d0000aa"
    assert tmdb_orders.chosen(whole, "tvdb:dvd") is None
    assert tmdb_orders.chosen(whole, EpisodeOrder.AIRED) is None
    assert tmdb_orders.chosen({}, "dvd") is None


def test_how_many_come_before_a_season_is_said_or_not_known() -> None:
    whole = {"seasons": [{"season_number": n, "episode_count": c} for n, c in ((0, 9), (1, 26), (2, 13), (4, 1))]}
    assert tmdb_episodes.seasons(whole)[1] == Apart(1, 26)
    assert [tmdb_episodes.episodes_before(whole, number) for number in (0, 1, 2, 3, 4)] == [None, 0, 26, 39, None]


async def test_seasons_and_episodes_come_in_the_languages_that_are_kept(
    metadata: MetadataBench, harbour: Outside, tree: WriteTree
) -> None:
    """A season's own texts come along; of its episodes each language is one request more."""
    object.__setattr__(metadata.registry._settings, "languages", ("fr", "en"))
    translated = [
        {"iso_639_1": "de", "iso_3166_1": "DE", "data": {"name": "Staffel 1", "overview": "Auf Deutsch."}},
        {"iso_639_1": "fr", "iso_3166_1": "FR", "data": {"name": "Saison 1", "overview": "En français."}},
        {"iso_639_1": "it", "iso_3166_1": "IT", "data": {"name": "Stagione 1", "overview": "In italiano."}},
    ]
    french = {**SEASONS[1], "name": "Saison 1", "episodes": [
        episode(1, 1, name="Premier", overview="Tout commence."), episode(1, 2, name="Épisode 2", overview=""),
    ]}  # fmt: skip

    def answer(asked: Asked) -> Reply:
        if asked.one("language") == "fr":
            return Reply.json(french)
        return Reply.json({**SEASONS[1], "translations": {"translations": translated}})

    harbour.answers["/tmdb/tv/82/season/1"] = answer
    await shelved(metadata, tree, "Harbour - S01E01", "Harbour - S01E02")

    rows = await metadata.library.rows(
        "SELECT item.kind, item.number, text.language, text.title, text.plot FROM item_text text"
        " JOIN item ON item.id = text.item_id WHERE item.kind <> 'series' ORDER BY 1, 2, text.position"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("episode", 1, "en", "Aired 1.1", "What happens in 1.1."),
        ("episode", 1, "fr", "Premier", "Tout commence."),
        ("episode", 2, "en", "Aired 1.2", "What happens in 1.2."),
        ("season", 1, "en", "Season 1", None),
        ("season", 1, "fr", "Saison 1", "En français."),
    ]
    assert harbour.paths.count("/tmdb/tv/82/season/1") == 2
