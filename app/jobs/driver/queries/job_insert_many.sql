-- Insert in input order and announce in the same statement: one round trip, and never a row without its notification.
-- A duplicate of a unique job touches the row that is there without changing it, so that it comes back. xmax tells.
WITH inserted AS (
    INSERT INTO {schema}.river_job AS job (
        kind, args, queue, priority, max_attempts, state, created_at, scheduled_at, tags, metadata, unique_key,
        unique_states
    )
    SELECT
        given.kind, given.args::jsonb, given.queue, given.priority, given.max_attempts,
        given.state::{schema}.river_job_state, given.created_at, given.scheduled_at,
        string_to_array(given.tags, ','), given.metadata::jsonb, given.unique_key, given.unique_states::bit(8)
    FROM unnest(
        %(kinds)s::text[], %(args)s::text[], %(queues)s::text[], %(priorities)s::smallint[],
        %(max_attempts)s::smallint[], %(states)s::text[], %(created_ats)s::timestamptz[],
        %(scheduled_ats)s::timestamptz[], %(tags)s::text[], %(metadata)s::text[], %(unique_keys)s::bytea[],
        %(unique_states)s::integer[]
    ) WITH ORDINALITY AS given (
        kind, args, queue, priority, max_attempts, state, created_at, scheduled_at, tags, metadata, unique_key,
        unique_states, position
    )
    ORDER BY given.position
    ON CONFLICT (unique_key)
        WHERE unique_key IS NOT NULL
            AND unique_states IS NOT NULL
            AND {schema}.river_job_state_in_bitmask(unique_states, state)
        DO UPDATE SET kind = job.kind
    RETURNING {job_columns}, {is_duplicate} AS is_duplicate
),
announced AS MATERIALIZED (
    SELECT count(pg_notify(%(channel)s::text, payload.text)) AS payloads
    FROM unnest(%(payloads)s::text[]) AS payload (text)
    WHERE {announces}
)
SELECT inserted.*, announced.payloads FROM inserted CROSS JOIN announced
