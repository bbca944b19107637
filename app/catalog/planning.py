"""What PostgreSQL's planner is told around statements over documents."""

from psycopg import sql

from app.catalog.queries import Statement

BY_INDEX = Statement(
    sql.SQL(
        "SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"
    ).format(),
    {},
)
"""PostgreSQL takes every beginning of a word, and every spelling, for a frequent one, and would rather read the whole
table until it has met enough of them. Nor are several processes to look at once for what is wanted in turn: the last
would be done before the first is known to be enough."""
BY_ANY_WAY = Statement(sql.SQL("SET LOCAL enable_seqscan = on").format(), {})
