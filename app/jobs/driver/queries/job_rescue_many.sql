-- Free jobs left running (contract 6.2), but only this very attempt of each, and only while it still runs. A cancel
-- that came after the decision wins over another try: nobody is left to hear its notification.
WITH rescue AS (
    SELECT *
    FROM unnest(
        %(ids)s::bigint[], %(attempts)s::smallint[], %(attempted_ats)s::timestamptz[], %(states)s::text[],
        %(errors)s::text[], %(scheduled_ats)s::timestamptz[], %(finalized_ats)s::timestamptz[]
    ) AS given (id, attempt, attempted_at, state, error, scheduled_at, finalized_at)
),
locked AS MATERIALIZED (
    SELECT job.id
    FROM {schema}.river_job AS job
    WHERE job.id IN (SELECT rescue.id FROM rescue)
    ORDER BY job.id
    FOR UPDATE
),
decided AS (
    SELECT
        rescue.*,
        rescue.state IN ('available', 'retryable')
            AND job.metadata ->> 'cancel_attempted_at' IS NOT NULL AS is_cancelled
    FROM rescue
    JOIN locked ON locked.id = rescue.id
    JOIN {schema}.river_job AS job ON job.id = rescue.id
)
UPDATE {schema}.river_job AS job
SET state = CASE WHEN decided.is_cancelled THEN 'cancelled' ELSE decided.state END::{schema}.river_job_state,
    errors = array_append(job.errors, decided.error::jsonb),
    scheduled_at = CASE
        WHEN decided.is_cancelled THEN job.scheduled_at
        ELSE coalesce(decided.scheduled_at, job.scheduled_at)
    END,
    finalized_at = CASE WHEN decided.is_cancelled THEN now() ELSE decided.finalized_at END,
    metadata = CASE
        WHEN jsonb_typeof(job.metadata) <> 'object' THEN job.metadata
        WHEN jsonb_typeof(job.metadata -> 'river:rescue_count') = 'number'
        THEN job.metadata || jsonb_build_object(
            'river:rescue_count', (job.metadata ->> 'river:rescue_count')::numeric + 1
        )
        ELSE job.metadata || '{"river:rescue_count": 1}'
    END
FROM decided
WHERE job.id = decided.id
    AND job.state = 'running'
    AND job.attempt = decided.attempt
    AND job.attempted_at = decided.attempted_at
RETURNING {job_columns}
