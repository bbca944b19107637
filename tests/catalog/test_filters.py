"""Listings narrowed and ordered, what can be narrowed further, and the rows that greet."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.browse import Catalog, ItemQuery
from app.catalog.filters import Filters
from app.catalog.home import HomePage
from app.catalog.paging import FEW, ItemFilter, page_of_items
from app.catalog.planning import BY_INDEX
from app.catalog.sorting import SHUFFLED, SORTS
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.library.descriptions import Credited, Description, Rated
from app.library.kinds import FactSource, LabelKind
from app.library.models import Person
from app.library.repository import descriptions
from tests.catalog.plans import plan_of, rows_of
from tests.fixtures.finding import IndexBench
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Web


@pytest.fixture
def catalog(transactions: Transactions) -> Catalog:
    return Catalog(transactions)


class Shelves:
    def __init__(self, films: UUID, shows: UUID, ids: dict[str, UUID]) -> None:
        self.films, self.shows, self.ids = films, shows, ids


def about(genres: str, rating: float, *people: str) -> Description:
    return Description(
        labels=(*tuple((LabelKind.GENRE, name) for name in genres.split()), (LabelKind.STUDIO, "Toho")),
        ratings=(Rated(name="imdb", value=rating),),
        credits=tuple(Credited(name=name, role="actor") for name in people),
    )


@pytest.fixture
async def shelves(shelf: Shelf, index: IndexBench, tmp_path) -> Shelves:
    films = await shelf.library(tmp_path, name="Films")
    shows = await shelf.library(name="Shows", kind="tvshows")
    ids = {
        title: await shelf.item(films, title, year=year, **columns)
        for title, year, columns in (
            ("Alien", 1979, {}),
            ("Brazil", 1985, {}),
            ("Casino", 1995, {"state": "missing"}),
            ("Dune", 1984, {}),
        )
    }
    ids["Show"] = series = await shelf.item(shows, "Show", kind="series")
    season = await shelf.item(shows, "Season 1", kind="season", parent_id=series, number=1)
    for number in (1, 2):
        ids[f"E{number}"] = await shelf.item(shows, f"E{number}", kind="episode", parent_id=season, number=number)
    streams = [
        {"index": 0, "kind": "video", "width": 3840, "height": 1600, "hdr": "hdr10"},
        {"index": 1, "kind": "audio", "language": "eng"},
        {"index": 2, "kind": "subtitle", "language": "de"},
    ]
    await shelf.file(films, "alien.mkv", item_id=ids["Alien"], streams=streams, duration_ms=7_000_000)
    low = [{"index": 0, "kind": "video", "width": 720, "height": 576}, {"index": 1, "kind": "audio", "language": "fra"}]
    broken = {"version": "broken"}
    await shelf.file(films, "brazil - broken.avi", item_id=ids["Brazil"], link=broken, problem="corrupt")
    await shelf.file(films, "brazil.avi", item_id=ids["Brazil"], streams=low, duration_ms=8_000_000)
    await shelf.external_id(ids["Alien"], "tmdb", "348")
    async with shelf.transactions.begin() as tx:
        said = {
            ids["Alien"]: about("Horror SciFi", 8.5, "Sigourney Weaver"),
            ids["Brazil"]: about("SciFi Comedy", 7.9),
            ids["Dune"]: about("SciFi", 6.3),
        }
        await descriptions.describe(tx, FactSource.METADATA, said)
    await index.rebuild()
    return Shelves(films, shows, ids)


async def titles(catalog: Catalog, viewer: Viewer = LOCAL_ADMINISTRATOR, sort: str = "title", **filters) -> list[str]:
    page = await catalog.items(viewer, ItemQuery(kind="movie", sort=sort, filters=Filters(**filters)))
    return [item.title for item in page.items]


async def test_each_filter_narrows_and_several_narrow_further(catalog: Catalog, shelves: Shelves) -> None:
    asked = [
        ({"genre": ["SciFi"]}, ["Alien", "Brazil", "Dune"]),
        ({"genre": ["Horror", "Comedy"]}, ["Alien", "Brazil"]),
        ({"genre": ["SciFi"], "decade": 1980}, ["Brazil", "Dune"]),
        ({"studio": ["Toho"], "rating": 8}, ["Alien"]),
        ({"rating": 6}, ["Alien", "Brazil", "Dune"]),
        ({"year": 1984}, ["Dune"]),
        ({"decade": 1990}, ["Casino"]),
        ({"resolution": ["2160p"]}, ["Alien"]),
        ({"resolution": ["sd"]}, ["Brazil"]),
        ({"hdr": ["any"]}, ["Alien"]),
        ({"hdr": ["hlg"]}, []),
        ({"audio_language": ["en"]}, ["Alien"]),
        ({"audio_language": ["en", "fr"]}, ["Alien", "Brazil"]),
        ({"subtitle_language": ["de"]}, ["Alien"]),
        ({"unmatched": True}, ["Brazil", "Casino", "Dune"]),
        ({"unmatched": False}, ["Alien"]),
        ({"missing": True}, ["Casino"]),
        ({"missing": False}, ["Alien", "Brazil", "Dune"]),
        ({"added_since": datetime.now(UTC) + timedelta(days=1)}, []),
        ({"added_since": datetime.now(UTC) - timedelta(days=1)}, ["Alien", "Brazil", "Casino", "Dune"]),
    ]
    for filters, found in asked:
        assert await titles(catalog, **filters) == found, filters


async def test_a_person_is_a_filter(catalog: Catalog, shelves: Shelves, transactions: Transactions) -> None:
    async with transactions.begin() as tx:
        (person,) = await tx.session.scalars(Person.__table__.select().with_only_columns(Person.id))
    assert await titles(catalog, person_id=person) == ["Alien"]


async def test_orders_and_their_pages(catalog: Catalog, shelves: Shelves) -> None:
    assert await titles(catalog, sort="-rating") == ["Alien", "Brazil", "Dune", "Casino"]
    assert await titles(catalog, sort="-duration", genre=["SciFi"]) == ["Brazil", "Alien", "Dune"]
    assert await titles(catalog, sort="released") == ["Alien", "Dune", "Brazil", "Casino"]
    for sort in ("-rating", "released", "random", "duration", "-title"):
        for filters in (Filters(), Filters(missing=False)):
            whole = await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(sort=sort, seed="x", filters=filters))
            seen: list[str] = []
            cursor = None
            while True:
                query = ItemQuery(sort=sort, seed="x", filters=filters, limit=2, cursor=cursor)
                page = await catalog.items(LOCAL_ADMINISTRATOR, query)
                seen += [item.title for item in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert seen == [item.title for item in whole.items], sort
            assert len(set(seen)) == len(seen) == (8 if filters == Filters() else 7)


async def test_another_seed_begins_elsewhere(catalog: Catalog, shelves: Shelves) -> None:
    orders = set()
    for seed in "abcdefgh":
        page = await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(sort="random", seed=seed))
        orders.add(tuple(item.title for item in page.items))
    assert len(orders) > 1


async def test_facets_count_what_may_be_seen_and_nothing_else(catalog: Catalog, shelves: Shelves) -> None:
    found = await catalog.facets(LOCAL_ADMINISTRATOR, ItemQuery(kind="movie"))
    assert [(one.value, one.count) for one in found.genres] == [("SciFi", 3), ("Comedy", 1), ("Horror", 1)]
    assert [(one.value, one.count) for one in found.decades] == [("1980", 2), ("1970", 1), ("1990", 1)]
    assert (found.total, found.is_exact, found.missing, found.unmatched) == (4, True, 1, 3)
    narrowed = await catalog.facets(LOCAL_ADMINISTRATOR, ItemQuery(filters=Filters(genre=["Horror"])))
    assert [one.value for one in narrowed.resolutions] == ["2160p"]
    assert (narrowed.total, [one.value for one in narrowed.kinds]) == (1, ["movie"])
    stranger = await catalog.facets(Viewer(name="x", libraries=frozenset([shelves.shows])), ItemQuery())
    assert (stranger.genres, {one.value: one.count for one in stranger.kinds}) == (
        [],
        {"episode": 2, "season": 1, "series": 1},
    )


async def test_filters_never_show_what_may_not_be_seen(catalog: Catalog, shelves: Shelves) -> None:
    viewer = Viewer(name="x", libraries=frozenset([shelves.shows]))
    for sort in ("title", "-rating", "random"):
        assert await titles(catalog, viewer, sort) == []
        assert await titles(catalog, viewer, sort, genre=["SciFi"]) == []


@pytest.mark.parametrize(
    ("field", "value"), [("resolution", ["4k"]), ("hdr", ["yes"]), ("genre", ["x"] * 51), ("rating", 11)]
)
async def test_what_makes_no_sense_names_its_field(catalog: Catalog, field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        await titles(catalog, **{field: value})
    assert refused.value.field == field


async def test_home_shows_what_came_last_and_what_there_is_most_of(
    transactions: Transactions, shelves: Shelves, web: Web
) -> None:
    home = HomePage(transactions)
    found = await home.show(LOCAL_ADMINISTRATOR)
    rows = {(row.kind, row.library_id or row.genre): [item.title for item in row.items] for row in found.rows}
    assert rows["recently_added", shelves.films] == ["Dune", "Casino", "Brazil", "Alien"]
    assert rows["recently_added", shelves.shows] == ["Show"]
    assert rows["genre", "SciFi"] == ["Dune", "Brazil", "Alien"]
    assert list(rows)[2] == ("genre", "SciFi")
    assert (await home.show(Viewer(name="x", libraries=frozenset()))).rows == []

    for path in (
        "/api/v1/home?limit=2",
        "/api/v1/items/facets?genre=SciFi&genre=Horror",
        "/api/v1/items?sort=random&hdr=any",
    ):
        assert (await web.http.get(path)).status_code == 200, path
    for path in (
        "/api/v1/home?limit=0",
        "/api/v1/items/facets?q=x",
        "/api/v1/items?resolution=4k",
        "/api/v1/items?rating=11",
    ):
        assert (await web.http.get(path)).status_code == 400, path


MANY = """
    INSERT INTO item (id, library_id, kind, title, sort_title)
    SELECT
        (lpad(to_hex(1700000000000 + n), 12, '0') || '7000800000000000' || lpad(to_hex(n), 4, '0'))::uuid,
        (%(libraries)s::uuid[])[1 + n %% 3], 'movie', 'Film', lpad(n::text, 8, '0')
    FROM generate_series(1, %(items)s) AS n
"""
THEIR_DOCUMENTS = """
    INSERT INTO search_document
    SELECT id, library_id, kind, 1, '', ARRAY['genre:Rare' || hashtext(id::text) % 100, 'genre:Much'], 0, '0001-01-01',
        abs(hashtext(id::text)) % 100 / 10.0, 0, hashtext(id::text)
    FROM item
"""


async def test_filtered_pages_read_a_page_of_the_frequent_and_all_of_the_rare(
    shelf: Shelf, transactions: Transactions
) -> None:
    libraries = [await shelf.library(name=name) for name in "ABC"]
    async with transactions.begin() as tx:
        await tx.connection.execute(MANY, {"libraries": libraries, "items": 2 * FEW})
        await tx.connection.execute(THEIR_DOCUMENTS)
        await tx.connection.execute("ANALYZE item, search_document")
    for sort in (SORTS["title"], SORTS["-rating"], SHUFFLED):
        for facets, is_frequent, most in (
            ((), False, 300),
            (("genre:Much",), True, 300),
            (("genre:Rare7",), False, 600),
        ):
            asked = ItemFilter(facets=[facets] if facets else [], is_frequent=is_frequent, limit=50)
            plan = await plan_of(transactions, page_of_items(LOCAL_ADMINISTRATOR, asked, sort), BY_INDEX)
            assert rows_of(plan, "item") <= most, (sort, facets)
            assert rows_of(plan, "search_document") <= most, (sort, facets)


def test_cursors_hold_times_and_ids_in_their_order() -> None:
    early, late = (Filters(added_since=datetime(year, 1, 1, tzinfo=UTC)).since() for year in (2001, 2020))
    assert all(one is not None and other is not None and one < other for one, other in pairwise((early, late)))
