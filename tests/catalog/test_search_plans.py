"""Each step of a search goes by its index and reads a bounded number of rows, however much fits."""

from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.planning import BY_INDEX
from app.catalog.postgres_search import (
    CANDIDATES,
    KNOWN,
    LOOKED_AT,
    PostgresSearch,
    Wanted,
    among_known,
    by_title,
    by_words,
    near_words,
)
from app.catalog.queries import Statement
from app.catalog.searching import SearchQuery
from app.db.tx import Transactions
from tests.catalog.plans import ROWS, indexes, plan_of, rows_of
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
DOCUMENTS = """
    INSERT INTO search_document
    SELECT id, library_id, kind, 1, (lower(title) || ':1A matrix:1C')::tsvector, '{}', 0, '0001-01-01', 0, 0, 0
    FROM item
"""
RARE = """
    UPDATE search_document SET words = 'film:1A rare:1A'::tsvector
    WHERE item_id IN (SELECT id FROM item ORDER BY id LIMIT 30)
"""
TITLES = "INSERT INTO search_title SELECT id, 0, library_id, kind, lower(title) FROM item"
WORDS = """
    INSERT INTO search_word
    SELECT 'word' || n, ARRAY['word' || n, 'wor' || n, CASE WHEN n < 1000 THEN 'same' ELSE 'other' || n END]
    FROM generate_series(1, 20000) AS n
"""


@pytest.fixture
async def libraries(shelf: Shelf, transactions: Transactions) -> list[UUID]:
    made = [await shelf.library(name=name) for name in ("A", "B", "C")]
    async with transactions.begin() as tx:
        await tx.connection.execute(FILL, {"items": ITEMS, "libraries": made})
        for statement in (DOCUMENTS, RARE, TITLES, WORDS):
            await tx.connection.execute(statement)
        await tx.connection.execute("ANALYZE item, search_document, search_title, search_word")
    return made


@pytest.mark.parametrize("q", ["f", "film", "film 1", "film 11999", "nothing"])
async def test_titles_are_a_stretch_of_their_index(transactions: Transactions, libraries: list[UUID], q: str) -> None:
    plan = await plan_of(transactions, by_title(LOCAL_ADMINISTRATOR, SearchQuery(q=q, limit=PAGE), q), BY_INDEX)

    assert "ix_search_title_key" in indexes(plan)
    assert rows_of(plan, "search_title") <= PAGE * len(libraries) * 2
    assert rows_of(plan, "item") <= PAGE * len(libraries) * 2


@pytest.mark.parametrize("word", ["matrix", "film", "fil"])
async def test_of_a_word_that_all_share_only_so_many_are_ranked(
    transactions: Transactions, libraries: list[UUID], word: str
) -> None:
    assert libraries
    for viewer in (LOCAL_ADMINISTRATOR, Viewer(name="x", libraries=frozenset(libraries[:1]))):
        plan = await plan_of(transactions, words(viewer, word), BY_INDEX)

        assert rows_of(plan, "item") <= CANDIDATES
        assert rows_of(plan, "search_document") <= (CANDIDATES + 200) * (1 if viewer.libraries is None else 3)


async def test_of_what_very_many_share_the_best_known_are_looked_at(
    transactions: Transactions, libraries: list[UUID]
) -> None:
    for viewer in (LOCAL_ADMINISTRATOR, Viewer(name="x", libraries=frozenset(libraries[:1]))):
        wanted = Wanted([["film"]], is_unfinished=True)
        plan = await plan_of(transactions, among_known(viewer, SearchQuery(q="film", limit=PAGE), wanted), BY_INDEX)

        assert "ix_search_document_popularity" in indexes(plan)
        assert rows_of(plan, "search_document") <= KNOWN * (len(libraries) if viewer.libraries is None else 1)
        assert rows_of(plan, "item") <= KNOWN * len(libraries)


async def test_what_very_many_share_is_answered_from_them_and_what_few_share_is_not(
    transactions: Transactions, libraries: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert libraries
    monkeypatch.setattr("app.catalog.postgres_search.FREQUENT", 2_000)
    asked: list[str] = []

    def noted(viewer: Viewer, query: SearchQuery, wanted: Wanted) -> Statement:
        asked.append(wanted.tsquery())
        return among_known(viewer, query, wanted)

    monkeypatch.setattr("app.catalog.postgres_search.among_known", noted)
    engine = PostgresSearch(transactions)
    assert len(await engine.find(LOCAL_ADMINISTRATOR, SearchQuery(q="matrix ", limit=PAGE))) == PAGE
    assert len(await engine.find(LOCAL_ADMINISTRATOR, SearchQuery(q="rare ", limit=PAGE))) == PAGE
    assert asked == ["('matrix')"]


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
    plan = await plan_of(transactions, near_words("wor1234"), BY_INDEX)
    assert "ix_search_word_spellings" in indexes(plan)
    assert rows_of(plan, "search_word") < 100

    crowded = await plan_of(transactions, near_words("same"), BY_INDEX)
    assert rows_of(crowded, "search_word") <= LOOKED_AT


def words(viewer: Viewer, word: str) -> Statement:
    return by_words(viewer, SearchQuery(q=word, limit=PAGE), Wanted([[word]], is_unfinished=True))
