-- A client that still holds a running job is kept: without its row nobody would know that the job is orphaned.
DELETE FROM {schema}.revenge_client AS client
WHERE client.id = ANY (%(client_ids)s::text[])
    AND NOT EXISTS (
        SELECT 1
        FROM {schema}.river_job AS job
        WHERE job.state = 'running'
            AND job.attempted_by[array_upper(job.attempted_by, 1)] = client.id
    )
