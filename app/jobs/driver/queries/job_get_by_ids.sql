SELECT {job_columns}
FROM {schema}.river_job AS job
WHERE job.id = ANY (%(ids)s::bigint[])
ORDER BY job.id
