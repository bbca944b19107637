-- Forget finished jobs past their retention; NULL keeps that state for ever. One branch per state, so that each reads
-- its own stretch of the index on (state, finalized_at).
DELETE FROM {schema}.river_job AS job
WHERE job.id IN (
    SELECT expired.id
    FROM {schema}.river_job AS expired
    WHERE expired.state = 'completed' AND expired.finalized_at < %(completed_before)s::timestamptz
        OR expired.state = 'cancelled' AND expired.finalized_at < %(cancelled_before)s::timestamptz
        OR expired.state = 'discarded' AND expired.finalized_at < %(discarded_before)s::timestamptz
    ORDER BY expired.id
    LIMIT %(limit)s::integer
)
RETURNING 1
