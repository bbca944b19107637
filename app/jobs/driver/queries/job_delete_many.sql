-- The filters are filled in by job_delete_many.py. A row that somebody holds is left for the next call: a delete of
-- thousands must not wait for one, nor deadlock with whoever cancels or completes several.
WITH chosen AS MATERIALIZED (
    SELECT job.id
    FROM {schema}.river_job AS job
    WHERE job.state <> 'running' AND {conditions}
    ORDER BY job.id
    LIMIT %(limit)s::integer
    FOR UPDATE SKIP LOCKED
),
deleted AS (
    DELETE FROM {schema}.river_job AS job
    USING chosen
    WHERE job.id = chosen.id
    RETURNING {job_columns}
)
SELECT deleted.* FROM deleted ORDER BY deleted.id
