"""Documents follow their items: asked for in the transaction of the change, made once, and never left behind."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.catalog.index.documents import VERSION
from app.catalog.index.jobs import IndexItemsArgs, RebuildIndexArgs
from app.db.tx import Transactions
from app.jobs.errors import JobSnooze
from app.jobs.types import JobState
from app.library.models import Item
from tests.fixtures.finding import IndexBench
from tests.fixtures.library import LibraryBench
from tests.fixtures.shelf import Shelf
from tests.fixtures.tree import WriteTree


async def change(index: IndexBench, *item_ids: UUID) -> None:
    async with index.transactions.begin() as tx:
        await index.requests.items_changed(tx, item_ids)


async def states(index: IndexBench, connection: psycopg.AsyncConnection[Any]) -> list[str]:
    answer = await connection.execute(
        "SELECT state FROM river.river_job WHERE kind = %s ORDER BY id", [IndexItemsArgs.kind]
    )
    return [row["state"] for row in await answer.fetchall()]


async def count(connection: psycopg.AsyncConnection[Any], table: str) -> int:
    answer = await connection.execute(f"SELECT count(*) AS n FROM {table}")  # type: ignore[arg-type]
    row = await answer.fetchone()
    assert row is not None
    return int(row["n"])


async def test_one_job_does_for_many_changes(
    index: IndexBench, shelf: Shelf, connection: psycopg.AsyncConnection[Any]
) -> None:
    library = await shelf.library()
    ids = [await shelf.item(library, f"Film {n}") for n in range(3)]
    await change(index, *ids)
    await change(index, ids[0])
    assert await states(index, connection) == ["available"]

    await index.catch_up()

    assert await states(index, connection) == ["completed"]
    assert [await count(connection, table) for table in ("search_document", "search_title", "search_pending")] == [
        3,
        3,
        0,
    ]
    await change(index, ids[1])
    assert await states(index, connection) == ["completed", "available"]


async def test_what_is_rolled_back_asks_for_nothing(
    index: IndexBench, shelf: Shelf, connection: psycopg.AsyncConnection[Any]
) -> None:
    item = await shelf.item(await shelf.library(), "Film")
    with pytest.raises(ZeroDivisionError):
        async with index.transactions.begin() as tx:
            await index.requests.items_changed(tx, [item])
            _ = 1 / 0
    assert await states(index, connection) == []
    assert await count(connection, "search_pending") == 0


async def test_a_job_does_not_end_while_somebody_counts_on_it(
    index: IndexBench, shelf: Shelf, connection: psycopg.AsyncConnection[Any]
) -> None:
    """Whoever asks sees the job unfinished and inserts none; their request becomes visible only when they commit."""
    library = await shelf.library()
    first, second = [await shelf.item(library, title) for title in ("First", "Second")]
    await change(index, first)
    (job,) = await index.claim(IndexItemsArgs)
    async with index.transactions.begin() as tx:
        await index.requests.items_changed(tx, [second])
        with pytest.raises(JobSnooze):
            await index.work(job)
    assert await states(index, connection) == ["running"]

    await index.work(job)

    assert await states(index, connection) == ["completed"]
    assert await count(connection, "search_document") == 2


async def test_an_unchanged_document_is_not_written_again(
    index: IndexBench, shelf: Shelf, connection: psycopg.AsyncConnection[Any]
) -> None:
    item = await shelf.item(await shelf.library(), "Film")
    await change(index, item)
    await index.catch_up()
    before = await (
        await connection.execute("SELECT xmin::text FROM search_document UNION ALL SELECT xmin::text FROM search_title")
    ).fetchall()
    await change(index, item)
    await index.catch_up()
    after = await (
        await connection.execute("SELECT xmin::text FROM search_document UNION ALL SELECT xmin::text FROM search_title")
    ).fetchall()
    assert before == after


async def test_documents_go_with_their_items_and_requests_for_gone_ones_do_nothing(
    index: IndexBench, shelf: Shelf, connection: psycopg.AsyncConnection[Any], transactions: Transactions
) -> None:
    library = await shelf.library()
    kept, gone = [await shelf.item(library, title) for title in ("Kept", "Gone")]
    await change(index, kept, gone)
    await index.catch_up()
    await change(index, gone)
    async with transactions.begin() as tx:
        await tx.session.delete(await tx.session.get_one(Item, gone))
    await index.catch_up()
    assert await count(connection, "search_document") == await count(connection, "search_title") == 1


async def test_a_rebuild_asks_for_what_is_missing_or_made_by_older_rules(
    index: IndexBench, shelf: Shelf, connection: psycopg.AsyncConnection[Any]
) -> None:
    library = await shelf.library()
    ids = [await shelf.item(library, f"Film {n}") for n in range(3)]
    await change(index, *ids[:2])
    await index.catch_up()
    await connection.execute("UPDATE search_document SET version = %s WHERE item_id = %s", [VERSION - 1, ids[0]])
    async with index.transactions.begin() as tx:
        await index.requests._inserter.insert_tx(tx.connection, RebuildIndexArgs())
    (job,) = await index.claim(RebuildIndexArgs, "scheduled")

    await index.work(job)

    row = await index.driver.job_get_by_id(job.id)
    assert row is not None
    assert (row.state, row.metadata_value()["output"]) == (JobState.COMPLETED, {"items": 2})
    await index.catch_up()
    versions = await (await connection.execute("SELECT version FROM search_document")).fetchall()
    assert [one["version"] for one in versions] == [VERSION] * 3


async def test_a_scan_asks_for_what_it_makes(
    library: LibraryBench, index: IndexBench, tree: WriteTree, connection: psycopg.AsyncConnection[Any]
) -> None:
    library.service._listeners = [library.listener, index.requests]  # type: ignore[misc]
    root = tree({"Amélie (2001)/Amélie (2001).mkv": b"x", "Heat (1995)/Heat (1995).mkv": b"y"})
    await library.scan(await library.add(root))
    await index.catch_up()
    keys = await (await connection.execute("SELECT key FROM search_title ORDER BY key")).fetchall()
    assert [row["key"] for row in keys] == ["amelie", "heat"]
