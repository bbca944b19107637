SELECT {job_columns}
FROM {schema}.river_job AS job
WHERE job.state = 'running'
    AND job.attempted_at < %(horizon)s::timestamptz
    AND job.id > %(after_id)s::bigint
ORDER BY job.id
LIMIT %(limit)s::integer
