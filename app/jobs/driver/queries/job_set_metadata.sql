-- River's job update: a shallow merge in SQL, so that foreign keys and every digit survive.
UPDATE {schema}.river_job AS job
SET metadata = CASE
    WHEN jsonb_typeof(job.metadata) = 'object' THEN job.metadata || %(metadata)s::text::jsonb
    ELSE job.metadata
END
WHERE job.id = %(id)s::bigint
RETURNING {job_columns}
