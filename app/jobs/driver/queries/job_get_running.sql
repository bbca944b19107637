SELECT {job_columns}
FROM {schema}.river_job AS job
WHERE job.state = 'running'
ORDER BY job.id
LIMIT %(limit)s::integer
