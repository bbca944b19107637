"""How the database does: what an administrator should know before users notice."""

import msgspec
from sqlalchemy import text

from app.db.tx import Transactions

DEAD_ROWS = 10_000
DEAD_SHARE = 0.2
"""A table with more dead rows than both is told: autovacuum should have passed long ago."""

BLOATED_BYTES = 16 * 2**20
BLOATED_SHARE = 0.5
"""An index larger than the one and emptier than the other is told. Half empty is what splitting pages alone can do."""

WRAPAROUND_AGE = 1_000_000_000
"""Transactions since the oldest freeze: PostgreSQL itself stops writing at two thousand million."""


_HOLLOW = text(
    """
    WITH entry AS (
        SELECT one.indexrelid, index.reltuples, pg_relation_size(one.indexrelid) AS bytes,
            -- a line pointer and a header, then the columns; aligned to eight
            4 + 8 * ceil((8 + sum(coalesce(stats.avg_width, 1024))) / 8.0) AS width
        FROM pg_index AS one
        JOIN pg_class AS index ON index.oid = one.indexrelid
        JOIN pg_am ON pg_am.oid = index.relam AND pg_am.amname = 'btree'
        JOIN pg_class AS indexed ON indexed.oid = one.indrelid
        JOIN pg_namespace AS space ON space.oid = indexed.relnamespace
        CROSS JOIN unnest(one.indkey::int2[]) AS key(number)
        LEFT JOIN pg_attribute AS attribute ON attribute.attrelid = indexed.oid AND attribute.attnum = key.number
        LEFT JOIN pg_stats AS stats ON stats.schemaname = space.nspname AND stats.tablename = indexed.relname
            AND stats.attname = attribute.attname
        WHERE one.indisvalid AND one.indexprs IS NULL AND index.reltuples >= 0 AND space.nspname !~ '^pg_'
            AND pg_relation_size(one.indexrelid) > :bytes
        GROUP BY one.indexrelid, index.reltuples
    )
    SELECT indexrelid::regclass::text, 1 - reltuples * width / 0.9 / bytes FROM entry
    WHERE 1 - reltuples * width / 0.9 / bytes > :share ORDER BY 1
    """
)
"""Btree indexes of plain columns, whose entries can be counted; a column nobody has analysed counts as a wide one."""


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    database_bytes: int
    largest_tables: dict[str, int]
    """Bytes with indexes, of the ten largest."""
    bloated_tables: dict[str, float]
    """Share of dead rows."""
    bloated_indexes: dict[str, float]
    """Share that is empty, as far as it can be told from the number and width of the entries."""
    invalid_indexes: list[str]
    """Left by a build that failed; they cost writes and serve nobody."""
    oldest_transaction_seconds: int
    frozen_age: int
    warnings: list[str]


async def check_health(transactions: Transactions) -> HealthReport:
    async with transactions.begin() as tx:
        session = tx.session
        size = await session.scalar(text("SELECT pg_database_size(current_database())"))
        largest = await session.execute(
            text(
                "SELECT relid::regclass::text, pg_total_relation_size(relid) FROM pg_stat_user_tables"
                " ORDER BY pg_total_relation_size(relid) DESC, 1 LIMIT 10"
            )
        )
        bloated = await session.execute(
            text(
                "SELECT relid::regclass::text, n_dead_tup / (n_live_tup + n_dead_tup)::float8 FROM pg_stat_user_tables"
                " WHERE n_dead_tup > :rows AND n_dead_tup > :share * (n_live_tup + n_dead_tup) ORDER BY 1"
            ),
            {"rows": DEAD_ROWS, "share": DEAD_SHARE},
        )
        hollow = await session.execute(_HOLLOW, {"bytes": BLOATED_BYTES, "share": BLOATED_SHARE})
        invalid = await session.scalars(
            text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
        )
        oldest = await session.scalar(
            text(
                "SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0)::int FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        age = await session.scalar(text("SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()"))
        report = HealthReport(
            database_bytes=size or 0,
            largest_tables=dict(tuple(row) for row in largest),
            bloated_tables={table: round(share, 3) for table, share in bloated},
            bloated_indexes={index: round(share, 3) for index, share in hollow},
            invalid_indexes=list(invalid),
            oldest_transaction_seconds=oldest or 0,
            frozen_age=age or 0,
            warnings=[],
        )
    return msgspec.structs.replace(report, warnings=list(warnings_of(report)))


def warnings_of(report: HealthReport) -> list[str]:
    """Put into words what somebody should do something about."""
    said = [f"table {table}: {share:.0%} of its rows are dead" for table, share in report.bloated_tables.items()]
    said += [
        f"index {index}: {share:.0%} of it is empty; REINDEX INDEX CONCURRENTLY gives that back"
        for index, share in report.bloated_indexes.items()
    ]
    said += [f"index {name} is invalid; drop it or build it anew" for name in report.invalid_indexes]
    if report.oldest_transaction_seconds > 3600:  # noqa: PLR2004  an hour
        said.append(f"a transaction has been open for {report.oldest_transaction_seconds // 60} minutes")
    if report.frozen_age > WRAPAROUND_AGE:
        said.append("transaction numbers run out; let VACUUM (FREEZE) pass over the database")
    return said
