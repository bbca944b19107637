SELECT {job_columns}
FROM {schema}.river_job AS job
WHERE job.state = 'running'
    AND job.attempted_by[array_upper(job.attempted_by, 1)] = ANY (%(client_ids)s::text[])
ORDER BY job.id
LIMIT %(limit)s::integer
