-- Move due jobs to available (contract 6.1). Of the due jobs of one unique key one may go on: the one that holds the key
-- already, else the first in order; none when a job outside the batch holds it. (One job at most holds a key: that is
-- the unique index.) River drops both of a scheduled and a retryable job of one key; this statement keeps the holder.
-- The discarded leave the unique index when their mask covers discarded: otherwise the whole batch would fail, for ever.
WITH due AS MATERIALIZED (
    SELECT
        job.id, job.priority, job.scheduled_at, job.unique_key,
        job.unique_key IS NOT NULL AND job.unique_states IS NOT NULL AS is_unique,
        coalesce({schema}.river_job_state_in_bitmask(job.unique_states, job.state), false) AS is_holder
    FROM {schema}.river_job AS job
    WHERE job.state IN ('retryable', 'scheduled')
        AND job.scheduled_at <= %(now)s::timestamptz
    ORDER BY job.priority, job.scheduled_at, job.id
    LIMIT %(limit)s::integer
    FOR UPDATE
),
decided AS (
    SELECT
        due.id,
        due.is_unique AND (
            row_number() OVER (
                PARTITION BY due.is_unique, due.unique_key
                ORDER BY due.is_holder DESC, due.priority, due.scheduled_at, due.id
            ) > 1
            OR NOT due.is_holder AND EXISTS (
                SELECT 1
                FROM {schema}.river_job AS holder
                WHERE holder.unique_key = due.unique_key
                    AND holder.unique_key IS NOT NULL
                    AND holder.unique_states IS NOT NULL
                    AND {schema}.river_job_state_in_bitmask(holder.unique_states, holder.state)
            )
        ) AS is_conflict
    FROM due
)
UPDATE {schema}.river_job AS job
SET state = CASE WHEN decided.is_conflict THEN 'discarded' ELSE 'available' END::{schema}.river_job_state,
    finalized_at = CASE WHEN decided.is_conflict THEN %(now)s::timestamptz END,
    metadata = CASE
        WHEN decided.is_conflict AND jsonb_typeof(job.metadata) = 'object'
        THEN job.metadata || '{"unique_key_conflict": "scheduler_discarded"}'
        ELSE job.metadata
    END,
    unique_states = CASE
        WHEN decided.is_conflict AND {schema}.river_job_state_in_bitmask(job.unique_states, 'discarded') THEN NULL
        ELSE job.unique_states
    END
FROM decided
WHERE job.id = decided.id
RETURNING job.id, job.queue, job.state::text, job.scheduled_at
