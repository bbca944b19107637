-- Make a job available now. One that used up its attempts gets one more. Neither notified nor freed of its cancel
-- mark: so does River, and rows are compared.
WITH locked AS MATERIALIZED (
    SELECT {job_columns}
    FROM {schema}.river_job AS job
    WHERE job.id = %(id)s::bigint
    FOR UPDATE
),
updated AS (
    UPDATE {schema}.river_job AS job
    SET state = 'available',
        scheduled_at = coalesce(%(now)s::timestamptz, now()),
        finalized_at = NULL,
        max_attempts = CASE
            WHEN job.attempt = job.max_attempts THEN least(job.max_attempts + 1, 32767)
            ELSE job.max_attempts
        END
    FROM locked
    WHERE job.id = locked.id
        AND locked.state <> 'running'
        AND NOT (locked.state = 'available' AND locked.scheduled_at < coalesce(%(now)s::timestamptz, now()))
    RETURNING {job_columns}
)
SELECT updated.* FROM updated
UNION ALL
SELECT locked.* FROM locked WHERE NOT EXISTS (SELECT 1 FROM updated)
