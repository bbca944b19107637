-- Claim jobs: lock the wanted rows, then update them by their place (ctid), which spares a second search by id. (By id
-- where the server knows no places.)
-- A row that somebody updates between the snapshot and our lock is locked but not found again: the next fetch takes it.
WITH wanted AS MATERIALIZED (
    SELECT job.{place}
    FROM {schema}.river_job AS job
    WHERE job.state = 'available'
        AND job.queue = %(queue)s
        AND job.scheduled_at <= coalesce(%(now)s::timestamptz, now())
        AND (%(kinds)s::text[] IS NULL OR job.kind = ANY (%(kinds)s::text[]))
    ORDER BY job.priority, job.scheduled_at, job.id
    LIMIT %(limit)s::integer
    FOR UPDATE SKIP LOCKED
)
UPDATE {schema}.river_job AS job
SET state = 'running',
    attempt = least(job.attempt + 1, 32767),
    attempted_at = coalesce(%(now)s::timestamptz, now()),
    attempted_by = CASE
        WHEN cardinality(job.attempted_by) >= 100
        THEN array_append(job.attempted_by[array_upper(job.attempted_by, 1) - 98:], %(client_id)s::text)
        ELSE array_append(job.attempted_by, %(client_id)s::text)
    END
WHERE job.{place} = ANY (ARRAY(SELECT wanted.{place} FROM wanted))
RETURNING {job_columns}
