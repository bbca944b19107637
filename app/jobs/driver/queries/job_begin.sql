-- Begin one attempt at one job whatever its state, as a fetch would: for tests that work a job within a transaction.
UPDATE {schema}.river_job AS job
SET
    state = 'running',
    attempt = job.attempt + 1,
    attempted_at = coalesce(%(now)s::timestamptz, now()),
    attempted_by = array_append(job.attempted_by, %(client_id)s::text),
    finalized_at = NULL
WHERE job.id = %(id)s::bigint AND job.state <> 'running'
RETURNING {job_columns}
