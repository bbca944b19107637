-- The insert for jobs that are not unique: nothing can stand in their way, and of each new row only that comes back which
-- the caller cannot know. Metadata is NULL where it is the empty object, as nearly always.
WITH inserted AS (
    INSERT INTO {schema}.river_job AS job (
        kind, args, queue, priority, max_attempts, state, created_at, scheduled_at, tags, metadata
    )
    SELECT
        given.kind, given.args::jsonb, given.queue, given.priority, given.max_attempts,
        given.state::{schema}.river_job_state, given.created_at, given.scheduled_at,
        string_to_array(given.tags, ','), given.metadata::jsonb
    FROM unnest(
        %(kinds)s::text[], %(args)s::text[], %(queues)s::text[], %(priorities)s::smallint[],
        %(max_attempts)s::smallint[], %(states)s::text[], %(created_ats)s::timestamptz[],
        %(scheduled_ats)s::timestamptz[], %(tags)s::text[], %(metadata)s::text[]
    ) WITH ORDINALITY AS given (
        kind, args, queue, priority, max_attempts, state, created_at, scheduled_at, tags, metadata, position
    )
    ORDER BY given.position
    RETURNING job.id, job.args, nullif(job.metadata, '{}'::jsonb) AS metadata
),
announced AS MATERIALIZED (
    SELECT count(pg_notify(%(channel)s::text, payload.text)) AS payloads
    FROM unnest(%(payloads)s::text[]) AS payload (text)
    WHERE {announces}
)
SELECT inserted.id, inserted.args, inserted.metadata, announced.payloads FROM inserted CROSS JOIN announced
