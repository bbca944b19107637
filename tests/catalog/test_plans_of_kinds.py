"""Pages of series and of music read a page's worth of rows, however many episodes and songs lie below."""

from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog import described, queries
from app.catalog.paging import ItemFilter, page_of_items
from app.catalog.parts import whole
from app.catalog.queries import Statement
from app.catalog.sorting import SORTS
from app.db.embedded import EmbeddedPostgres
from app.db.tx import Transactions, Tx
from tests.catalog.plans import ROWS, Plan, filled_database, generic_plan_of, indexes, nodes, plan_of
from tests.catalog.test_plans import rows_read
from tests.fixtures.shelf import Shelf

PAGE = 50
TOPS, MIDDLES, LEAVES = ROWS // 100, 4, 12
"""Series of so many seasons of so many episodes; artists, albums and tracks likewise: half of the rows each."""

FILL = sql.SQL("""
    INSERT INTO item (id, library_id, parent_id, kind, title, sort_title, year, number)
    SELECT pg_temp.key({level}, n), {library},
        CASE WHEN {level} > 0 THEN pg_temp.key({level} - 1, (n - 1) / {siblings} + 1) END,
        {kind}, {kind} || ' ' || n, lpad(n::text, 8, '0'), 1950 + n % 70, 1 + (n - 1) % {siblings}
    FROM generate_series(1, {count}) AS n
""")

KEYS = """
    CREATE FUNCTION pg_temp.key(level int, n int) RETURNS uuid LANGUAGE sql AS $$
        SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || lpad({offset} || level::text, 3, '0')
            || '8000' || lpad(to_hex(n), 12, '0'))::uuid
    $$
"""

FILES = """
    INSERT INTO file (id, root_id, folder_id, name, display_path, kind, size, mtime_ns, device, inode)
    SELECT item.id, root.id, folder.id, convert_to(item.id::text, 'utf8'), item.id::text, 'audio', 1, 1, 1, 1
    FROM item JOIN library_root root ON root.library_id = item.library_id JOIN folder ON folder.root_id = root.id
    WHERE item.kind IN ('episode', 'track');
    INSERT INTO item_file (item_id, file_id) SELECT id, id FROM file;
    INSERT INTO stream (file_id, index, kind) SELECT id, 0, 'audio' FROM file;
    INSERT INTO item_artist (item_id, position, artist_id, name)
    SELECT track.id, 0, album.parent_id, 'A' FROM item track JOIN item album ON album.id = track.parent_id
    WHERE track.kind = 'track'
"""

TABLES = "item, file, item_file, item_artist, stream, folder, library_root"

LEVELS = {"tvshows": ("series", "season", "episode"), "music": ("artist", "album", "track")}


async def fill_library(tx: Tx, library: UUID, kinds: tuple[str, ...], offset: int) -> None:
    execute = tx.connection.execute
    await execute(KEYS.replace("{offset}", str(offset)).encode())
    count = TOPS
    for level, kind in enumerate(kinds):
        siblings = (1, MIDDLES, LEAVES)[level]
        count *= siblings
        values = {"level": level, "library": str(library), "kind": kind, "siblings": siblings, "count": count}
        await execute(FILL.format(**{name: sql.Literal(value) for name, value in values.items()}))
    await execute("DROP FUNCTION pg_temp.key")


async def fill(shelf: Shelf) -> None:
    for offset, (kind, kinds) in enumerate(LEVELS.items(), start=1):
        library = await shelf.library(Path("/nowhere", kind), name=kind, kind=kind)
        async with shelf.transactions.begin() as tx:
            await fill_library(tx, library, kinds, offset)
    async with shelf.transactions.begin() as tx:
        for statement in FILES.split(";"):
            await tx.connection.execute(statement.encode())
        await tx.connection.execute(f"ANALYZE {TABLES}".encode())


@pytest.fixture(scope="module")
async def template_database(postgres_server: EmbeddedPostgres, template_database: str) -> AsyncIterator[str]:
    async with filled_database(postgres_server, template_database, "shows_and_music", fill) as name:
        yield name


@pytest.fixture
async def libraries(transactions: Transactions) -> dict[str, UUID]:
    """A library of shows and one of music."""
    async with transactions.begin() as tx:
        cursor = await tx.connection.execute("SELECT kind, id FROM library")
        return {str(row[0]): UUID(str(row[1])) for row in await cursor.fetchall()}


async def fetch(transactions: Transactions, statement: Statement) -> list[dict[str, Any]]:
    async with transactions.begin() as tx:
        return await statement.fetch(tx)


async def test_pages_of_every_kind_read_a_page(transactions: Transactions, libraries: dict[str, UUID]) -> None:
    """The first and one near the end, of series among 48 times as many episodes, and of the episodes themselves."""
    for (library, kinds), sort in product(LEVELS.items(), ("title", "-added", "year")):
        for kind, library_id in product(kinds, (None, libraries[library])):
            after = None
            for _ in range(2):
                asked = ItemFilter(library_id=library_id, kind=kind, after=after, limit=PAGE)
                plan = await plan_of(transactions, page_of_items(LOCAL_ADMINISTRATOR, asked, SORTS[sort]))
                assert rows_read(plan) <= PAGE * 1.1, (kind, library_id, sort, after)
                after = await keys_near_the_end(transactions, kind, sort)


async def keys_near_the_end(transactions: Transactions, kind: str, sort: str) -> list[object]:
    turned = SORTS[sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"]
    asked = ItemFilter(kind=kind, limit=PAGE * 2)
    rows = await fetch(transactions, page_of_items(LOCAL_ADMINISTRATOR, asked, turned))
    return SORTS[sort].keys_of(rows[-1])


async def test_what_a_page_shows_is_looked_up_by_key(transactions: Transactions, libraries: dict[str, UUID]) -> None:
    """Parents, numbers of children, credits, files, streams, words and pictures: nothing is read from end to end."""
    assert len(libraries) == 2
    for kind in (kind for kinds in LEVELS.values() for kind in kinds):
        asked = ItemFilter(kind=kind, limit=PAGE)
        page = await fetch(transactions, page_of_items(LOCAL_ADMINISTRATOR, asked, SORTS["title"]))
        shown = [row["id"] for row in page]
        assert len(shown) == PAGE
        files = [row["id"] for row in await fetch(transactions, queries.files_of_items(LOCAL_ADMINISTRATOR, shown))]
        assert len(files) == (PAGE if kind in ("episode", "track") else 0)
        for statement in (
            queries.items(LOCAL_ADMINISTRATOR, shown),
            queries.files_of_items(LOCAL_ADMINISTRATOR, shown),
            queries.streams_of_files(files),
            described.describe(LOCAL_ADMINISTRATOR, shown),
        ):
            plan = await plan_of(transactions, statement)
            # An album looks through its own songs, for their pictures and how loud they are; nobody looks further.
            assert rows_read(plan) <= PAGE * (4 + 2 * LEAVES), (kind, statement.text)
            read = {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
            assert not read & {"item", "file", "item_file", "item_artist", "stream"}, (kind, read)


async def test_what_is_asked_again_and_again_is_bounded_by_the_plan_that_is_kept(
    transactions: Transactions, libraries: dict[str, UUID]
) -> None:
    """Of the item page, whose statements are planned once by each connection, for whatever is asked then."""
    viewers = (
        LOCAL_ADMINISTRATOR,
        Viewer(name="Bob", libraries=frozenset(libraries.values())),
        Viewer(name="Kim", libraries=None, max_age=12, allow_unrated=True),
    )
    for viewer, kind in product(viewers, (kind for kinds in LEVELS.values() for kind in kinds)):
        asked = ItemFilter(kind=kind, limit=PAGE)
        shown = [row["id"] for row in await fetch(transactions, page_of_items(viewer, asked, SORTS["title"]))]
        assert len(shown) == PAGE
        lookups = [whole(viewer, shown), whole(viewer, shown[:1]), queries.children(viewer, shown[:1])]
        lookups += [described.images_of(viewer, shown[0], "poster"), queries.libraries(viewer)]
        for file in (await fetch(transactions, queries.files_of_items(viewer, shown)))[:1]:
            lookups += [queries.file(viewer, file["id"]), queries.streams_of_files([file["id"]])]
            lookups += [queries.chapters_of_file(file["id"]), described.words_of_files([file["id"]])]
        for lookup in lookups:
            plan = await generic_plan_of(transactions, lookup)

            # Of a series all that is below it is looked at, to tell how much of it was watched; nobody looks further.
            assert rows_read(plan) <= PAGE * (8 + 2 * MIDDLES * (1 + LEAVES)), (viewer, kind, lookup.text)
            read = {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
            assert not read & {"item", "file", "item_file", "item_artist", "stream"}, (viewer, kind, read)


async def test_what_is_below_is_read_alone(transactions: Transactions, libraries: dict[str, UUID]) -> None:
    for kind in ("series", "season", "artist", "album"):
        (parent, *_) = await fetch(
            transactions,
            page_of_items(LOCAL_ADMINISTRATOR, ItemFilter(kind=kind, limit=PAGE), SORTS["title"]),
        )
        asked = ItemFilter(parent_id=parent["id"], limit=PAGE)
        for statement in (
            page_of_items(LOCAL_ADMINISTRATOR, asked, SORTS["number"]),
            queries.children(LOCAL_ADMINISTRATOR, [parent["id"]]),
        ):
            plan = await plan_of(transactions, statement)

            assert "ix_item_parent_id_number" in indexes(plan)
            assert rows_read(plan) <= 2 * LEAVES
    artist = (await fetch(transactions, one_of("artist")))[0]["id"]
    plan: Plan = await plan_of(
        transactions,
        page_of_items(LOCAL_ADMINISTRATOR, ItemFilter(artist_id=artist, limit=PAGE), SORTS["title"]),
    )
    assert rows_read(plan) <= 2 * MIDDLES * LEAVES
    assert libraries


def one_of(kind: str) -> Statement:
    return page_of_items(LOCAL_ADMINISTRATOR, ItemFilter(kind=kind, limit=1), SORTS["title"])
