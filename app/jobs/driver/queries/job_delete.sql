WITH locked AS MATERIALIZED (
    SELECT {job_columns}
    FROM {schema}.river_job AS job
    WHERE job.id = %(id)s::bigint
    FOR UPDATE
),
deleted AS (
    DELETE FROM {schema}.river_job AS job
    USING locked
    WHERE job.id = locked.id
        AND locked.state <> 'running'
    RETURNING job.id
)
SELECT locked.* FROM locked
