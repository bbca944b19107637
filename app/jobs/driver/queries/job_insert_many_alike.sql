-- The insert for jobs that are not unique and differ in their args alone: one job, or thousands of a kind. Values that
-- all of them share are sent and read once.
WITH inserted AS (
    INSERT INTO {schema}.river_job AS job (
        kind, args, queue, priority, max_attempts, state, created_at, scheduled_at, tags, metadata
    )
    SELECT
        %(kind)s::text, given.args::jsonb, %(queue)s::text, %(priority)s::smallint, %(max_attempts)s::smallint,
        %(state)s::text::{schema}.river_job_state, %(created_at)s::timestamptz, %(scheduled_at)s::timestamptz,
        %(tags)s::text[], %(metadata)s::text::jsonb
    FROM unnest(%(args)s::text[]) WITH ORDINALITY AS given (args, position)
    ORDER BY given.position
    RETURNING job.id, job.args, nullif(job.metadata, '{}'::jsonb) AS metadata
),
announced AS MATERIALIZED (
    SELECT count(pg_notify(%(channel)s::text, payload.text)) AS payloads
    FROM unnest(%(payloads)s::text[]) AS payload (text)
    WHERE {announces}
)
SELECT inserted.id, inserted.args, inserted.metadata, announced.payloads FROM inserted CROSS JOIN announced
