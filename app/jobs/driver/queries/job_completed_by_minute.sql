SELECT date_trunc('minute', job.finalized_at, 'UTC') AS minute, count(*)
FROM {schema}.river_job AS job
WHERE job.state = 'completed'
    AND job.finalized_at >= %(since)s::timestamptz
GROUP BY minute
ORDER BY minute
