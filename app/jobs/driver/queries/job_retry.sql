-- Make a job available now. One that used up its attempts gets one more. Freed of its cancel mark, as River does since
-- 0.51: it was meant for the attempt before. Not notified, as River does not.
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
        metadata = CASE
            WHEN jsonb_typeof(job.metadata) = 'object' THEN job.metadata - 'cancel_attempted_at'
            ELSE job.metadata
        END,
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
