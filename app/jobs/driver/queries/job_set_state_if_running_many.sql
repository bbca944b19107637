-- Apply the outcomes of attempts (contract 2.4). The rows are locked first, in id order and in their newest version:
-- two writers cannot deadlock, and a row that is left alone comes back as it was committed, not as our snapshot saw it.
WITH outcome AS (
    SELECT *
    FROM unnest(
        %(ids)s::bigint[], %(attempts)s::smallint[], %(attempted_ats)s::timestamptz[], %(states)s::text[],
        %(new_attempts)s::smallint[], %(scheduled_ats)s::timestamptz[], %(finalized_ats)s::timestamptz[],
        %(errors)s::text[], %(metadata)s::text[]
    ) AS given (
        id, attempt, attempted_at, state, new_attempt, scheduled_at, finalized_at, error, metadata
    )
),
locked AS MATERIALIZED (
    SELECT {job_columns}
    FROM {schema}.river_job AS job
    WHERE job.id IN (SELECT outcome.id FROM outcome)
    ORDER BY job.id
    FOR UPDATE
),
decided AS (
    SELECT
        outcome.*,
        ours.applies,
        ours.applies
            AND outcome.state IN ('available', 'retryable', 'scheduled')
            AND locked.metadata ? 'cancel_attempted_at' AS is_cancelled,
        outcome.metadata IS NOT NULL
            AND jsonb_typeof(locked.metadata) = 'object'
            AND (ours.applies OR locked.state <> 'running') AS merges
    FROM outcome
    JOIN locked ON locked.id = outcome.id
    CROSS JOIN LATERAL (
        SELECT locked.state = 'running'
            AND locked.attempt = outcome.attempt
            AND locked.attempted_at = outcome.attempted_at AS applies
    ) AS ours
),
updated AS (
    UPDATE {schema}.river_job AS job
    SET state = CASE
            WHEN decided.is_cancelled THEN 'cancelled'
            WHEN decided.applies THEN decided.state::{schema}.river_job_state
            ELSE job.state
        END,
        attempt = CASE
            WHEN decided.applies AND NOT decided.is_cancelled THEN coalesce(decided.new_attempt, job.attempt)
            ELSE job.attempt
        END,
        scheduled_at = CASE
            WHEN decided.applies AND NOT decided.is_cancelled THEN coalesce(decided.scheduled_at, job.scheduled_at)
            ELSE job.scheduled_at
        END,
        finalized_at = CASE
            WHEN decided.is_cancelled THEN now()
            WHEN decided.applies THEN coalesce(decided.finalized_at, job.finalized_at)
            ELSE job.finalized_at
        END,
        errors = CASE
            WHEN decided.applies AND decided.error IS NOT NULL
            THEN array_append(job.errors, decided.error::jsonb)
            ELSE job.errors
        END,
        metadata = CASE
            WHEN decided.merges THEN job.metadata || decided.metadata::jsonb
            ELSE job.metadata
        END
    FROM decided
    WHERE job.id = decided.id
        AND (decided.applies OR decided.merges)
    RETURNING {job_columns}
)
SELECT updated.* FROM updated
UNION ALL
SELECT locked.* FROM locked WHERE locked.id NOT IN (SELECT updated.id FROM updated)
