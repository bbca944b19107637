-- A paused queue keeps the time it was paused at. The count tells an unknown name from one that was paused already.
WITH locked AS MATERIALIZED (
    SELECT queue.name, queue.paused_at
    FROM {schema}.river_queue AS queue
    WHERE %(name)s::text = '*' OR queue.name = %(name)s::text
    ORDER BY queue.name
    FOR UPDATE
),
updated AS (
    UPDATE {schema}.river_queue AS queue
    SET paused_at = now(),
        updated_at = now()
    FROM locked
    WHERE queue.name = locked.name
        AND locked.paused_at IS NULL
)
SELECT count(*) FROM locked
