-- Cancel, and tell whoever may be running the job. Locking first makes the loser of a race return the winner's row.
WITH locked AS MATERIALIZED (
    SELECT {job_columns}
    FROM {schema}.river_job AS job
    WHERE job.id = %(id)s::bigint
    FOR UPDATE
),
announced AS MATERIALIZED (
    SELECT
        locked.id,
        CASE WHEN {announces} THEN pg_notify(
            %(channel)s::text,
            json_build_object('action', 'cancel', 'job_id', locked.id, 'queue', locked.queue)::text
        ) END
    FROM locked
    WHERE locked.state NOT IN ('cancelled', 'completed', 'discarded')
),
updated AS (
    UPDATE {schema}.river_job AS job
    SET state = CASE WHEN job.state = 'running' THEN job.state ELSE 'cancelled' END,
        finalized_at = CASE WHEN job.state = 'running' THEN job.finalized_at ELSE now() END,
        metadata = CASE
            WHEN jsonb_typeof(job.metadata) = 'object'
            THEN job.metadata || jsonb_build_object('cancel_attempted_at', %(cancel_attempted_at)s::text)
            ELSE job.metadata
        END
    FROM announced
    WHERE job.id = announced.id
    RETURNING {job_columns}
)
SELECT updated.* FROM updated
UNION ALL
SELECT locked.* FROM locked WHERE NOT EXISTS (SELECT 1 FROM updated)
