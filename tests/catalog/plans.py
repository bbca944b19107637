"""What PostgreSQL really did for a statement: which indexes it used, and how many rows it looked at."""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from psycopg import sql

from app.catalog.queries import Lookup, Statement
from app.db.embedded import EmbeddedPostgres
from app.db.engine import Database
from app.db.tx import Transactions
from tests.fixtures.postgres import create_database, drop_database, until_alone, url_of
from tests.fixtures.shelf import Shelf

Plan = dict[str, Any]

ROWS = int(os.environ.get("REVENGE_TEST_ROWS", "12000"))
"""Items of a large library. So many already tell a plan that reads a page from one that reads everything, and cost a
moment; `make soak` asks the same of a million."""


@asynccontextmanager
async def filled_database(
    server: EmbeddedPostgres, template: str, name: str, fill: Callable[[Shelf], Awaitable[None]]
) -> AsyncIterator[str]:
    """Fill a database once, for every test of a module to be given a copy of: to fill a million rows takes minutes, to
    copy them seconds."""
    await create_database(server, name, template)
    database = Database(lambda: url_of(server, name), min_size=1, max_size=2)
    await database.start()
    try:
        await fill(Shelf(Transactions(database)))
    finally:
        await database.stop()
    await until_alone(server, name)
    yield name
    await drop_database(server, name)


async def plan_of(transactions: Transactions, statement: Statement, *before: Statement) -> Plan:
    async with transactions.begin() as tx:
        for one in before:
            await one.run(tx)
        cursor = await tx.connection.execute(
            b"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) " + statement.text.as_bytes(tx.connection),
            statement.parameters,
        )
        row = await cursor.fetchone()
    assert row is not None
    [plan] = row[0] if isinstance(row[0], list) else json.loads(str(row[0]))
    found: Plan = plan["Plan"]
    return found


async def generic_plan_of(transactions: Transactions, lookup: Lookup) -> Plan:
    """The plan that PostgreSQL keeps for a statement that is put again and again: made for no values in particular."""
    prepared = lookup.prepared
    values = sql.SQL(", ").join(sql.Literal(lookup.parameters[name]) for name in prepared.names)
    async with transactions.begin() as tx:
        await tx.connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await tx.connection.execute(b"PREPARE asked_again AS " + prepared.text)
        asked = sql.SQL("EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) EXECUTE asked_again({})")
        cursor = await tx.connection.execute(asked.format(values))
        row = await cursor.fetchone()
        await tx.connection.execute("DEALLOCATE asked_again")
    assert row is not None
    [plan] = row[0] if isinstance(row[0], list) else json.loads(str(row[0]))
    found: Plan = plan["Plan"]
    return found


def nodes(plan: Plan) -> list[Plan]:
    return [plan, *(inner for child in plan.get("Plans", ()) for inner in nodes(child))]


def rows_of(plan: Plan, table: str) -> float:
    """Rows of a table that were looked at, those thrown away again among them; the fewest that the plan can mean."""
    return sum(
        (_least(node) + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0))
        * node["Actual Loops"]
        for node in nodes(plan)
        if node.get("Relation Name") == table
    )


def _least(node: Plan) -> float:
    """The average of all loops, which PostgreSQL rounds to whole rows before version 18."""
    rows = node["Actual Rows"]
    return max(0, rows - 0.5) if isinstance(rows, int) and node["Actual Loops"] > 1 else rows


def indexes(plan: Plan) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}
