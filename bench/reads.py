"""What reads cost that a cache could save: CPU time of PostgreSQL and of our own process, a read of each kind.

`python -m bench.reads [--items N] [--reads N]`. Wall time would be the machine's other work; CPU time is ours. One row
by its key is what a cache of any sort has to be compared with: it is what asking one costs at least, on both sides.
"""

import argparse
import os
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import psycopg
import uvloop

from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.catalog.browse import Catalog, ItemQuery
from app.catalog.home import HomePage
from app.catalog.postgres_search import PostgresSearch
from app.catalog.searching import Search, SearchQuery
from app.db import migrate
from app.db.engine import Database
from app.db.tx import Transactions
from app.web.answers import encoded
from bench.server import running_server
from bench.shelves import Shelves, fill

Read = Callable[[], Awaitable[object]]


async def reads(transactions: Transactions, key: UUID, title: str) -> dict[str, Read]:
    catalog, home, search = (
        Catalog(transactions),
        HomePage(transactions),
        Search(transactions, PostgresSearch(transactions)),
    )

    async def one_row() -> object:
        async with transactions.begin() as tx:
            return await (await tx.connection.execute("SELECT * FROM item WHERE id = %s", [key])).fetchone()

    async def page() -> object:
        return encoded(await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery(limit=50)))

    async def item() -> object:
        return encoded(await catalog.item(LOCAL_ADMINISTRATOR, key))

    async def found() -> object:
        return encoded(await search.search(LOCAL_ADMINISTRATOR, SearchQuery(q=title)))

    async def greeted() -> object:
        return encoded(await home.show(LOCAL_ADMINISTRATOR))

    async def counted() -> object:
        return encoded(await catalog.facets(LOCAL_ADMINISTRATOR, ItemQuery()))

    return {
        "one row by its key": one_row,
        "one item, whole": item,
        "a page of 50 items, whole": page,
        "a search, 20 items whole": found,
        "the home page": greeted,
        "all facets": counted,
    }


async def run(items: int, count: int) -> None:
    async with running_server() as server:
        url = await server.fresh_database()
        await migrate.upgrade(url)
        made = Shelves.of(items, None)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await fill(connection, made)
            row = await (await connection.execute("SELECT id FROM item ORDER BY id OFFSET 10 LIMIT 1")).fetchone()
        assert row is not None
        database = Database(lambda: url, min_size=1, max_size=2)
        await database.start()
        print("| read | PostgreSQL CPU ms | our CPU ms |\n|---|---|---|")
        try:
            for name, read in (await reads(Transactions(database), row[0], made.titles[0])).items():
                for _ in range(5):
                    await read()
                theirs, ours = server.cpu_seconds() or 0.0, time.process_time()
                for _ in range(count):
                    await read()
                theirs, ours = (server.cpu_seconds() or 0.0) - theirs, time.process_time() - ours
                print(f"| {name} | {1000 * theirs / count:.2f} | {1000 * ours / count:.2f} |", flush=True)
        finally:
            await database.stop()
    print(f"\n{items:,} items; load at the end: {os.getloadavg()[0]:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--reads", type=int, default=200)
    asked = parser.parse_args()
    uvloop.run(run(asked.items, asked.reads))


if __name__ == "__main__":
    main()
