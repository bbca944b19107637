-- Jobs whose newest attempt began in the period and failed, and that have not succeeded since. What an attempt writes
-- afterwards (next try, end) is never earlier than its start, which lets each branch start from an index.
WITH failed AS (
    SELECT job.id, job.kind, job.attempted_at, job.errors[array_upper(job.errors, 1)] AS error
    FROM {schema}.river_job AS job
    WHERE job.state IN ('available', 'retryable')
        AND job.scheduled_at >= %(since)s::timestamptz
        AND job.attempted_at >= %(since)s::timestamptz
        AND job.errors IS NOT NULL
    UNION ALL
    SELECT job.id, job.kind, job.attempted_at, job.errors[array_upper(job.errors, 1)] AS error
    FROM {schema}.river_job AS job
    WHERE job.state = 'discarded'
        AND job.finalized_at >= %(since)s::timestamptz
        AND job.attempted_at >= %(since)s::timestamptz
        AND job.errors IS NOT NULL
)
SELECT
    failed.kind,
    count(*),
    (array_agg(coalesce(failed.error ->> 'error', failed.error::text, '') ORDER BY failed.attempted_at DESC, failed.id DESC))[1],
    (array_agg(failed.id ORDER BY failed.attempted_at DESC, failed.id DESC))[1]
FROM failed
GROUP BY failed.kind
ORDER BY count(*) DESC, failed.kind
