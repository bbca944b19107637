INSERT INTO {schema}.revenge_periodic AS periodic (id, last_run_at, next_run_at, last_job_id)
SELECT told.id, told.last_run_at, told.next_run_at, told.last_job_id
FROM unnest(
    %(ids)s::text[], %(last_runs)s::timestamptz[], %(next_runs)s::timestamptz[], %(last_jobs)s::bigint[]
) AS told(id, last_run_at, next_run_at, last_job_id)
ORDER BY told.id
ON CONFLICT (id) DO UPDATE
SET last_run_at = coalesce(excluded.last_run_at, periodic.last_run_at),
    next_run_at = excluded.next_run_at,
    last_job_id = coalesce(excluded.last_job_id, periodic.last_job_id)
