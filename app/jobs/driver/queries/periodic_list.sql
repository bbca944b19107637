SELECT periodic.id, periodic.last_run_at, periodic.next_run_at, periodic.last_job_id
FROM {schema}.revenge_periodic AS periodic
ORDER BY periodic.id
