"""A page of a large library reads a page's worth of rows, the last as the first, and a search goes by its index."""

from collections.abc import AsyncIterator
from itertools import product
from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.paging import ItemFilter, page_of_items
from app.catalog.sorting import SORTS
from app.db.embedded import EmbeddedPostgres
from app.db.tx import Transactions
from app.ids import uuid7
from tests.catalog.plans import ROWS, Plan, filled_database, indexes, nodes, plan_of, rows_of
from tests.fixtures.shelf import Shelf

ITEMS = ROWS
PAGE = 50

FILL = """
    INSERT INTO item (id, library_id, kind, title, sort_title, year)
    SELECT
        -- keys in the order of time, as we make them
        (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
        library.id, 'movie', 'Film ' || n, 'film ' || lpad(n::text, 8, '0'), 1950 + n % 70
    FROM generate_series(1, %(items)s) AS n JOIN library ON library.id = (%(libraries)s::uuid[])[1 + n %% 3]
"""


async def fill(shelf: Shelf) -> None:
    made = [await shelf.library(name=name) for name in ("A", "B", "C")]
    async with shelf.transactions.begin() as tx:
        await tx.connection.execute(FILL.replace("n % 70", "n %% 70"), {"items": ITEMS, "libraries": made})
        await tx.connection.execute("ANALYZE item")


@pytest.fixture(scope="module")
async def template_database(postgres_server: EmbeddedPostgres, template_database: str) -> AsyncIterator[str]:
    async with filled_database(postgres_server, template_database, "many_films", fill) as name:
        yield name


@pytest.fixture
async def libraries(transactions: Transactions) -> list[UUID]:
    """Three libraries with many films between them."""
    async with transactions.begin() as tx:
        cursor = await tx.connection.execute("SELECT id FROM library ORDER BY name")
        return [UUID(str(row[0])) for row in await cursor.fetchall()]


def rows_read(plan: Plan) -> float:
    return rows_of(plan, "item")


async def test_the_last_page_reads_as_little_as_the_first(transactions: Transactions, libraries: list[UUID]) -> None:
    sorts = sorted(
        name for name in SORTS if "number" not in name and not (SORTS[name].is_of_document or SORTS[name].is_of_viewer)
    )
    for sort, library_id, kind, depth in product(sorts, (None, libraries[1]), (None, "movie"), (0, ITEMS * 11 // 12)):
        asked = ItemFilter(library_id=library_id, kind=kind, after=keys_at(sort, depth) if depth else None, limit=PAGE)

        plan = await plan_of(transactions, page_of_items(LOCAL_ADMINISTRATOR, asked, SORTS[sort]))

        question = (sort, library_id, kind, depth)
        assert PAGE * 0.9 < rows_read(plan) <= PAGE * len(libraries), question  # a plan tells averages, rounded
        assert not any("Sort" in node["Node Type"] and node["Actual Rows"] > PAGE * 3 for node in nodes(plan)), question


def keys_at(sort: str, depth: int) -> tuple[object, ...]:
    """Return the keys of an item about as deep in that order."""
    number = ITEMS - depth if sort.startswith("-") else depth
    key = UUID(f"{1700000000000 + number:012x}70008000{number:012x}")
    match sort.removeprefix("-"):
        case "title":
            return (f"film {number:08}", key)
        case "added":
            return (key,)
        case _:
            return (1950 + 70 * number // ITEMS, f"film {number:08}", key)


async def test_a_viewer_of_one_library_reads_only_that_one(transactions: Transactions, libraries: list[UUID]) -> None:
    viewer = Viewer(name="somebody", libraries=frozenset(libraries[:1]))

    plan = await plan_of(transactions, page_of_items(viewer, ItemFilter(limit=PAGE), SORTS["title"]))

    assert rows_read(plan) <= PAGE


KIM = Viewer(name="Kim", libraries=None, max_age=12, allow_unrated=False)


async def test_a_viewer_with_a_limit_reads_no_more_of_each_age_than_a_page(
    transactions: Transactions, libraries: list[UUID]
) -> None:
    """One in a hundred is for them: whoever looked at the others to find out would read to the end."""
    async with transactions.begin() as tx:
        await tx.connection.execute("UPDATE item SET min_age = CASE WHEN year % 100 = 7 THEN 6 ELSE 16 END")
        await tx.connection.execute("ANALYZE item")
    sorts = sorted(
        name for name in SORTS if "number" not in name and not (SORTS[name].is_of_document or SORTS[name].is_of_viewer)
    )
    for sort, library_id, depth in product(sorts, (None, libraries[1]), (0, ITEMS // 2)):
        asked = ItemFilter(library_id=library_id, after=keys_at(sort, depth) if depth else None, limit=PAGE)

        plan = await plan_of(transactions, page_of_items(KIM, asked, SORTS[sort]))

        question = (sort, library_id, depth)
        assert rows_read(plan) < PAGE * len(libraries) * 1.1, question  # a plan tells averages, rounded
        assert any(name.startswith("ix_item_age") for name in indexes(plan)), question


async def test_a_search_goes_by_the_index_of_words(transactions: Transactions, libraries: list[UUID]) -> None:
    assert len(libraries) == 3
    asked = ItemFilter(words="('2049':*)", limit=PAGE)

    plan = await plan_of(transactions, page_of_items(LOCAL_ADMINISTRATOR, asked, SORTS["title"]))

    assert "ix_item_search" in indexes(plan)
    assert rows_read(plan) <= 111  # 2049, 2049x and 2049xx, of a million


async def test_children_are_found_by_their_parent(transactions: Transactions, libraries: list[UUID]) -> None:
    assert len(libraries) == 3
    asked = ItemFilter(parent_id=uuid7(), limit=PAGE)

    plan = await plan_of(transactions, page_of_items(LOCAL_ADMINISTRATOR, asked, SORTS["number"]))

    assert "ix_item_parent_id_number" in indexes(plan)


async def test_what_an_artist_is_credited_with_is_found_by_the_artist(
    transactions: Transactions, libraries: list[UUID]
) -> None:
    assert len(libraries) == 3
    async with transactions.begin() as tx:
        await tx.connection.execute(
            "INSERT INTO item_artist (item_id, position, artist_id, name)"
            " SELECT id, 0, (SELECT min(id::text)::uuid FROM item), title FROM item ORDER BY id LIMIT 20"
        )
        await tx.connection.execute("ANALYZE item_artist")
        cursor = await tx.connection.execute("SELECT min(id::text)::uuid FROM item")
        (row,) = await cursor.fetchall()
    asked = ItemFilter(artist_id=UUID(str(row[0])), limit=PAGE)

    plan = await plan_of(transactions, page_of_items(LOCAL_ADMINISTRATOR, asked, SORTS["title"]))

    assert rows_read(plan) <= 20 * 2
