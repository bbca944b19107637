SELECT job.kind, job.state::text, count(*), (array_agg(job.id ORDER BY job.finalized_at DESC, job.id DESC))[1:20]
FROM {schema}.river_job AS job
WHERE job.state IN ('cancelled', 'completed', 'discarded')
    AND job.finalized_at > %(since)s::timestamptz
    AND job.finalized_at <= %(until)s::timestamptz
GROUP BY job.kind, job.state
ORDER BY job.kind, job.state
