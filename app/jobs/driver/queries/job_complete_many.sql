-- Plain successes: two columns, no rows back. Whoever has lost the attempt meanwhile changes nothing.
UPDATE {schema}.river_job AS job
SET state = 'completed',
    finalized_at = done.finalized_at
FROM unnest(
    %(ids)s::bigint[], %(attempts)s::smallint[], %(attempted_ats)s::timestamptz[], %(finalized_ats)s::timestamptz[]
) AS done (id, attempt, attempted_at, finalized_at)
WHERE job.id = done.id
    AND job.state = 'running'
    AND job.attempt = done.attempt
    AND job.attempted_at = done.attempted_at
RETURNING job.id
