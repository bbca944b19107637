"""Each step of a search goes by its index and reads a bounded number of rows, however much fits."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.index.documents import CLASSES, kind_mark, library_mark
from app.catalog.planning import BY_INDEX
from app.catalog.postgres_search import (
    CANDIDATES,
    COMPARED,
    LOOKED_AT,
    Lookup,
    PostgresSearch,
    by_title,
    by_words,
    lookup,
    near_words,
)
from app.catalog.queries import Statement
from app.catalog.searching import SearchQuery
from app.catalog.wanted import Wanted
from app.db.embedded import EmbeddedPostgres
from app.db.tx import Transactions
from tests.catalog.plans import ROWS, Plan, filled_database, indexes, nodes, plan_of, rows_of
from tests.fixtures.shelf import Shelf

ITEMS = ROWS
PAGE = 20

FILL = """
    INSERT INTO item (id, library_id, kind, title, sort_title)
    SELECT
        (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
        (%(libraries)s::uuid[])[1 + n %% 3], CASE n %% 2 WHEN 0 THEN 'movie' ELSE 'episode' END, 'Film ' || n, 'film'
    FROM generate_series(1, %(items)s) AS n
"""
SHARED = """
    CREATE FUNCTION pg_temp.shared(title text) RETURNS int LANGUAGE sql AS
        'SELECT exp(10.8 * (hashtext(title) & 1048575) / 1048576)::int'
"""
"""Of the words that documents share a few are frequent and most are rare, as everywhere. Where PostgreSQL knows fewer
than a hundred frequent ones it only guesses how many begin with something, and of a million guesses far too many."""
DOCUMENTS = """
    INSERT INTO search_document
    SELECT id, library_id, kind, 1, (
        format('%s:1A matrix:1C among%s:1C among%s:1C ''#%s'':1D ''@%s'':1D',
            replace(lower(title), ' ', ':1A '), pg_temp.shared(title), pg_temp.shared(reverse(title)), kind,
            right(library_id::text, 8))
        || CASE WHEN row_number() OVER (ORDER BY id DESC) <= 400 THEN ' ''=0'':1D' ELSE ' ''=4'':1D' END
    )::tsvector, '{}', 0, '0001-01-01', 0, 0, 0
    FROM item
"""
RARE = """
    UPDATE search_document SET words = words || 'rare:1A'::tsvector
    WHERE item_id IN (SELECT id FROM item ORDER BY id LIMIT 30)
"""
FEWER = """
    UPDATE search_document SET words = ts_delete(words, '=0')
    WHERE words @@ '''=0'''::tsquery AND item_id NOT IN (SELECT id FROM item ORDER BY id DESC LIMIT 60)
"""
TITLES = "INSERT INTO search_title SELECT id, 0, library_id, kind, lower(title) FROM item"
WORDS = """
    INSERT INTO search_word
    SELECT 'word' || n, ARRAY['word' || n, 'wor' || n, CASE WHEN n < 1000 THEN 'same' ELSE 'other' || n END]
    FROM generate_series(1, 20000) AS n
"""


async def fill(shelf: Shelf) -> None:
    made = [await shelf.library(name=name) for name in ("A", "B", "C")]
    async with shelf.transactions.begin() as tx:
        await tx.connection.execute(FILL, {"items": ITEMS, "libraries": made})
        for statement in (SHARED, DOCUMENTS, RARE, TITLES, WORDS):
            await tx.connection.execute(statement)
        await tx.connection.execute("ANALYZE item, search_document, search_title, search_word")


@pytest.fixture(scope="module")
async def template_database(postgres_server: EmbeddedPostgres, template_database: str) -> AsyncIterator[str]:
    async with filled_database(postgres_server, template_database, "much_to_find", fill) as name:
        yield name


@pytest.fixture
async def libraries(transactions: Transactions) -> list[UUID]:
    """Three libraries with many films and episodes between them."""
    async with transactions.begin() as tx:
        cursor = await tx.connection.execute("SELECT id FROM library ORDER BY name")
        return [UUID(str(row[0])) for row in await cursor.fetchall()]


@pytest.mark.parametrize("q", ["f", "film", "film 1", "film 11999", "nothing"])
async def test_titles_are_a_stretch_of_their_index(transactions: Transactions, libraries: list[UUID], q: str) -> None:
    plan = await plan_of(transactions, by_title(LOCAL_ADMINISTRATOR, SearchQuery(q=q, limit=PAGE), q), BY_INDEX)

    assert "ix_search_title_key" in indexes(plan)
    assert rows_of(plan, "search_title") <= PAGE * len(libraries) * 2
    assert rows_of(plan, "item") <= PAGE * len(libraries) * 2


LIMITED = Viewer(name="child", libraries=None, max_age=12)


def one_library(libraries: list[UUID]) -> Viewer:
    return Viewer(name="x", libraries=frozenset(libraries[:1]))


async def test_whose_age_is_limited_reads_a_stretch_too(transactions: Transactions, libraries: list[UUID]) -> None:
    plan = await plan_of(transactions, by_title(LIMITED, SearchQuery(q="film", limit=PAGE), "film"), BY_INDEX)
    assert rows_of(plan, "search_title") <= LOOKED_AT * len(libraries) * 2
    assert rows_of(plan, "item") <= LOOKED_AT * len(libraries) * 2


@pytest.mark.parametrize("word", ["matrix", "film", "fil"])
async def test_of_a_word_that_all_share_only_so_many_are_ranked(
    transactions: Transactions, libraries: list[UUID], word: str
) -> None:
    for viewer in (LOCAL_ADMINISTRATOR, one_library(libraries)):
        plan = await plan_of(transactions, words(viewer, word), BY_INDEX)

        assert rows_of(plan, "item") == 0  # its library says enough
        assert rows_of(plan, "search_document") <= CANDIDATES
    plan = await plan_of(transactions, words(LIMITED, word), BY_INDEX)
    assert rows_of(plan, "search_document") <= LOOKED_AT
    assert rows_of(plan, "item") <= LOOKED_AT


async def test_those_that_are_known_are_looked_at_and_the_others_only_where_they_are_too_few(
    transactions: Transactions, libraries: list[UUID]
) -> None:
    plan = await plan_of(transactions, words(LOCAL_ADMINISTRATOR, "film "), BY_INDEX)
    assert [bool(node["Actual Loops"]) for node in lookups(plan)] == [True, False, False, False, False]
    assert lookups(plan)[0]["Actual Rows"] == 400  # of 12,000 and more that have the word

    async with transactions.begin() as tx:
        await tx.connection.execute(FEWER)
    plan = await plan_of(transactions, words(LOCAL_ADMINISTRATOR, "film "), BY_INDEX)
    assert all(node["Actual Loops"] for node in lookups(plan))
    assert rows_of(plan, "search_document") <= CANDIDATES + 60  # those of the classes before are met again
    engine = PostgresSearch(transactions)
    found = await engine.find(LOCAL_ADMINISTRATOR, SearchQuery(q="matrix ", limit=PAGE))
    async with transactions.begin() as tx:
        rows = await (await tx.connection.execute("SELECT id FROM item ORDER BY id DESC LIMIT 400")).fetchall()
    assert len(found) == PAGE
    assert {*found} <= {row[0] for row in rows}


def lookups(plan: Plan) -> list[Plan]:
    return [node for node in nodes(plan) if node.get("Index Name") == "ix_search_document_words"]


async def test_a_beginning_is_looked_for_in_what_the_other_words_find(
    transactions: Transactions, libraries: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert libraries
    async with transactions.begin() as tx:
        for typed, asked, is_rare in (
            ("rare f", "('rare')", True), ("rare film", "('rare')", True), ("film rar", "('film') & ('rar':*)", True),
            ("film", "('film')", False), ("rar", "('rar':*)", True), ("rare ", "('rare')", True),
            ("film ", "('film')", False),
            ("film matrix ", "('film') & ('matrix')", False), ("film rare ", "('film') & ('rare')", True),
        ):  # fmt: skip
            wanted = Wanted([[word] for word in typed.split()], is_unfinished=not typed.endswith(" "))
            chosen = await lookup(tx, wanted)
            assert (chosen.words.tsquery(), chosen.is_rare) == (asked, is_rare), typed
        monkeypatch.setattr("app.catalog.postgres_search.FREQUENT", 10)
        for typed, asked in (("f", "('f')"), ("film m", "('film')")):  # of many, the word itself, or the others
            wanted = Wanted([[word] for word in typed.split()], is_unfinished=True)
            assert (await lookup(tx, wanted)).words.tsquery() == asked
    for typed, found in ((("rare", "f"), 30), (("film", "z"), 0)):
        wanted = Wanted([[word] for word in typed], is_unfinished=True)
        others = wanted.but_the_last()
        assert others is not None
        statement = by_words(LOCAL_ADMINISTRATOR, SearchQuery(q="", limit=100), wanted, Lookup(others, is_rare=False))
        plan = await plan_of(transactions, statement, BY_INDEX)
        assert plan["Actual Rows"] == found
        assert rows_of(plan, "search_document") <= 2 * LOOKED_AT  # those of the classes before are met again


PARALLEL = """
    SELECT set_config(name, '0', true) FROM unnest(ARRAY[
        'parallel_setup_cost', 'parallel_tuple_cost', 'min_parallel_table_scan_size', 'min_parallel_index_scan_size'
    ]) AS name
"""


@pytest.mark.parametrize("q", ["film", "film ", "film rar", "rare film ", "film matrix f"])
async def test_no_classes_are_looked_into_at_once_where_there_are_processes_to_spare(
    transactions: Transactions, libraries: list[UUID], q: str
) -> None:
    assert libraries
    wanted = Wanted([[word] for word in q.split()], is_unfinished=not q.endswith(" "))
    async with transactions.begin() as tx:
        await tx.connection.execute(PARALLEL)
        before = await lookup(tx, wanted)
        await BY_INDEX.run(tx)
        assert await lookup(tx, wanted) == before
        statement = by_words(LOCAL_ADMINISTRATOR, SearchQuery(q=q, limit=PAGE), wanted, Lookup(wanted, is_rare=False))
        text = b"EXPLAIN " + statement.text.as_bytes(tx.connection)
        lines = await (await tx.connection.execute(text, statement.parameters)).fetchall()
    assert not any("Gather" in line[0] or "Parallel" in line[0] for line in lines)


def test_marks_are_words_that_nobody_can_type() -> None:
    from app.catalog.index.folding import words as words_of

    for mark in (*CLASSES, kind_mark("movie"), library_mark(UUID(int=1))):
        assert mark not in words_of(mark)


async def test_rare_words_are_read_off_their_index(transactions: Transactions, libraries: list[UUID]) -> None:
    assert libraries
    for word in ("rare", "rar", "elsewhere"):
        plan = await plan_of(transactions, words(LOCAL_ADMINISTRATOR, word), BY_INDEX)

        assert "ix_search_document_words" in indexes(plan)
        assert rows_of(plan, "search_document") <= 100


async def test_misspelt_words_are_looked_up_by_their_spellings(
    transactions: Transactions, libraries: list[UUID]
) -> None:
    assert libraries
    plan = await plan_of(transactions, near_words(["wor1234", "word77"]), BY_INDEX)
    assert "ix_search_word_spellings" in indexes(plan)
    assert rows_of(plan, "search_word") < 100

    crowded = await plan_of(transactions, near_words(["same"]), BY_INDEX)
    assert rows_of(crowded, "search_word") <= COMPARED


def words(viewer: Viewer, q: str) -> Statement:
    wanted = Wanted([[word] for word in q.split()], is_unfinished=not q.endswith(" "))
    return by_words(viewer, SearchQuery(q=q, limit=PAGE), wanted, Lookup(wanted, is_rare=False))
