"""The queue's tables are River's, entry by entry: what its clients, its command line and its UI rely on."""

import psycopg
import pytest

NOW = "now()"
STATES = ["available", "cancelled", "completed", "discarded", "pending", "retryable", "running", "scheduled"]
FINAL = (
    "ARRAY['cancelled'::river.river_job_state, 'completed'::river.river_job_state, 'discarded'::river.river_job_state]"
)
TIME = "timestamp with time zone"

COLUMNS = {
    "river_job": [
        ("id", "bigint", True, "nextval('river.river_job_id_seq'::regclass)"),
        ("state", "river.river_job_state", True, "'available'::river.river_job_state"),
        ("attempt", "smallint", True, "0"),
        ("max_attempts", "smallint", True, "25"),
        ("attempted_at", TIME, False, None),
        ("created_at", TIME, True, NOW),
        ("finalized_at", TIME, False, None),
        ("scheduled_at", TIME, True, NOW),
        ("priority", "smallint", True, "1"),
        ("args", "jsonb", True, None),
        ("attempted_by", "text[]", False, None),
        ("errors", "jsonb[]", False, None),
        ("kind", "text", True, None),
        ("metadata", "jsonb", True, "'{}'::jsonb"),
        ("queue", "text", True, "'default'::text"),
        ("tags", "character varying(255)[]", True, "'{}'::character varying[]"),
        ("unique_key", "bytea", False, None),
        ("unique_states", "bit(8)", False, None),
    ],
    "river_leader": [
        ("elected_at", TIME, True, None),
        ("expires_at", TIME, True, None),
        ("leader_id", "text", True, None),
        ("name", "text", True, "'default'::text"),
    ],
    "river_migration": [
        ("line", "text", True, None),
        ("version", "bigint", True, None),
        ("created_at", TIME, True, NOW),
    ],
    "river_notification": [
        ("id", "bigint", True, "nextval('river.river_notification_id_seq'::regclass)"),
        ("created_at", TIME, True, NOW),
        ("payload", "text", True, None),
        ("topic", "text", True, None),
    ],
    "river_queue": [
        ("name", "text", True, None),
        ("created_at", TIME, True, NOW),
        ("metadata", "jsonb", True, "'{}'::jsonb"),
        ("paused_at", TIME, False, None),
        ("updated_at", TIME, True, "CURRENT_TIMESTAMP"),
    ],
    "revenge_client": [
        ("id", "text", True, None),
        ("started_at", TIME, True, NOW),
        ("seen_at", TIME, True, NOW),
        ("queues", "text[]", True, "'{}'::text[]"),
        ("hostname", "text", False, None),
        ("pid", "integer", False, None),
    ],
    "revenge_periodic": [
        ("id", "text", True, None),
        ("last_run_at", TIME, False, None),
        ("next_run_at", TIME, False, None),
        ("last_job_id", "bigint", False, None),
    ],
}

CONSTRAINTS = {
    ("river_job", "river_job_pkey"): "PRIMARY KEY (id)",
    ("river_job", "finalized_or_finalized_at_null"): (
        f"CHECK ((((finalized_at IS NULL) AND (state <> ALL ({FINAL})))"
        f" OR ((finalized_at IS NOT NULL) AND (state = ANY ({FINAL})))))"
    ),
    ("river_job", "kind_length"): "CHECK (((char_length(kind) > 0) AND (char_length(kind) < 128)))",
    ("river_job", "max_attempts_is_positive"): "CHECK ((max_attempts > 0))",
    ("river_job", "priority_in_range"): "CHECK (((priority >= 1) AND (priority <= 4)))",
    ("river_job", "queue_length"): "CHECK (((char_length(queue) > 0) AND (char_length(queue) < 128)))",
    ("river_leader", "river_leader_pkey"): "PRIMARY KEY (name)",
    ("river_leader", "name_length"): "CHECK ((name = 'default'::text))",
    ("river_leader", "leader_id_length"): "CHECK (((char_length(leader_id) > 0) AND (char_length(leader_id) < 128)))",
    ("river_migration", "river_migration_pkey1"): "PRIMARY KEY (line, version)",
    ("river_migration", "line_length"): "CHECK (((char_length(line) > 0) AND (char_length(line) < 128)))",
    ("river_migration", "version_gte_1"): "CHECK ((version >= 1))",
    ("river_notification", "river_notification_pkey"): "PRIMARY KEY (id)",
    ("river_notification", "topic_length"): "CHECK (((length(topic) > 0) AND (length(topic) < 128)))",
    ("river_queue", "river_queue_pkey"): "PRIMARY KEY (name)",
    ("revenge_client", "revenge_client_pkey"): "PRIMARY KEY (id)",
    ("revenge_periodic", "revenge_periodic_pkey"): "PRIMARY KEY (id)",
}

UNIQUE = (
    "((unique_key IS NOT NULL) AND (unique_states IS NOT NULL)"
    " AND river.river_job_state_in_bitmask(unique_states, state))"
)
INDEXES = {
    "river_job_pkey": "UNIQUE INDEX river_job_pkey ON river.river_job USING btree (id)",
    "river_job_kind": "INDEX river_job_kind ON river.river_job USING btree (kind)",
    "river_job_state_and_finalized_at_index": (
        "INDEX river_job_state_and_finalized_at_index ON river.river_job USING btree (state, finalized_at)"
        " WHERE (finalized_at IS NOT NULL)"
    ),
    "river_job_prioritized_fetching_index": (
        "INDEX river_job_prioritized_fetching_index ON river.river_job"
        " USING btree (state, queue, priority, scheduled_at, id)"
    ),
    "river_job_args_index": "INDEX river_job_args_index ON river.river_job USING gin (args)",
    "river_job_metadata_index": "INDEX river_job_metadata_index ON river.river_job USING gin (metadata)",
    "river_job_unique_idx": (
        f"UNIQUE INDEX river_job_unique_idx ON river.river_job USING btree (unique_key) WHERE {UNIQUE}"
    ),
    "river_leader_pkey": "UNIQUE INDEX river_leader_pkey ON river.river_leader USING btree (name)",
    "river_migration_pkey1": "UNIQUE INDEX river_migration_pkey1 ON river.river_migration USING btree (line, version)",
    "river_notification_pkey": "UNIQUE INDEX river_notification_pkey ON river.river_notification USING btree (id)",
    "river_notification_created_at_idx": (
        "INDEX river_notification_created_at_idx ON river.river_notification USING btree (created_at)"
    ),
    "river_notification_topic_id_idx": (
        "INDEX river_notification_topic_id_idx ON river.river_notification USING btree (topic, id)"
    ),
    "river_queue_pkey": "UNIQUE INDEX river_queue_pkey ON river.river_queue USING btree (name)",
    "revenge_client_pkey": "UNIQUE INDEX revenge_client_pkey ON river.revenge_client USING btree (id)",
    "revenge_periodic_pkey": "UNIQUE INDEX revenge_periodic_pkey ON river.revenge_periodic USING btree (id)",
}

BITS = {
    "scheduled": 0,
    "running": 1,
    "retryable": 2,
    "pending": 3,
    "discarded": 4,
    "completed": 5,
    "cancelled": 6,
    "available": 7,
}


@pytest.fixture
async def rows(database_url):
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("SET search_path TO pg_catalog")  # so that every name is written in full

        async def fetch(statement):
            return await (await connection.execute(statement)).fetchall()

        yield fetch


async def test_tables_and_their_columns(rows):
    found: dict[str, list] = {}
    for table, *column in await rows(
        "SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)"
        " FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped"
        " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
        " WHERE relnamespace = 'river'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname, attnum"
    ):
        found.setdefault(table, []).append(tuple(column))
    assert found == COLUMNS


async def test_constraints(rows):
    found = await rows(
        "SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid)"
        " FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid"
        " WHERE connamespace = 'river'::regnamespace AND contype <> 'n'"
    )
    assert {(table, name): definition for table, name, definition in found} == CONSTRAINTS


async def test_indexes(rows):
    found = await rows("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'river'")
    assert {name: definition.removeprefix("CREATE ") for name, definition in found} == INDEXES


async def test_the_leader_is_unlogged_and_nothing_else_is(rows):
    """A lease must not outlive a crash; a job must."""
    found = await rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'river'::regnamespace AND relkind = 'r'"
        " AND relpersistence <> 'p'"
    )
    assert found == [("river_leader",)]


async def test_states_in_their_order(rows):
    found = await rows(
        "SELECT enumlabel FROM pg_enum WHERE enumtypid = 'river.river_job_state'::regtype ORDER BY enumsortorder"
    )
    assert [label for (label,) in found] == STATES


async def test_ids_come_from_the_sequence_that_go_names(rows):
    assert await rows("SELECT pg_get_serial_sequence('river.river_job', 'id')") == [("river.river_job_id_seq",)]


async def test_the_function_behind_unique_jobs(rows):
    found = await rows(
        "SELECT proname, pg_get_function_identity_arguments(pg_proc.oid), pg_get_function_result(pg_proc.oid), lanname,"
        " provolatile::text, proisstrict, prosecdef, proparallel::text"
        " FROM pg_proc JOIN pg_language ON pg_language.oid = prolang WHERE pronamespace = 'river'::regnamespace"
    )
    arguments = "bitmask bit, state river.river_job_state"
    assert found == [("river_job_state_in_bitmask", arguments, "boolean", "sql", "i", False, False, "u")]


async def test_each_state_has_its_bit(rows):
    found = await rows(
        "SELECT state::text, bit::int FROM unnest(enum_range(NULL::river.river_job_state)) AS state,"
        " generate_series(0, 7) AS bit"
        " WHERE river.river_job_state_in_bitmask(set_bit(B'00000000', bit, 1), state)"
    )
    assert dict(found) == BITS
    assert len(found) == len(BITS)


async def test_no_triggers_no_foreign_keys_no_storage_parameters(rows):
    assert await rows("SELECT tgname FROM pg_trigger WHERE tgrelid::regclass::text ~ '^river'") == []
    assert (
        await rows("SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text ~ '^river'")
        == []
    )
    found = await rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'river'::regnamespace AND reloptions IS NOT NULL"
    )
    assert found == []


async def test_every_version_is_recorded(rows):
    found = await rows("SELECT line, version FROM river.river_migration ORDER BY version")
    assert found == [("main", version) for version in range(1, 9)]
