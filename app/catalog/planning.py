"""What PostgreSQL's planner is told around statements over documents."""

from psycopg import sql

from app.catalog.queries import Statement

BY_INDEX = Statement(sql.SQL("SET LOCAL enable_seqscan = off").format(), {})
BY_ANY_WAY = Statement(sql.SQL("SET LOCAL enable_seqscan = on").format(), {})
"""PostgreSQL takes every beginning of a word, and every spelling, for a frequent one, and would rather read the whole
table until it has met enough of them."""
