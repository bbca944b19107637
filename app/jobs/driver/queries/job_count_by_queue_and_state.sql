-- Every job that is not finished, counted from the fetch index alone.
SELECT
    job.queue,
    job.state::text,
    count(*),
    extract(epoch FROM now() - min(job.scheduled_at) FILTER (
        WHERE job.state = 'available' AND job.scheduled_at <= now()
    ))::double precision
FROM {schema}.river_job AS job
WHERE job.state IN ('available', 'pending', 'retryable', 'running', 'scheduled')
GROUP BY job.queue, job.state
ORDER BY job.queue, job.state
