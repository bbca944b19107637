WITH locked AS MATERIALIZED (
    SELECT queue.name, queue.paused_at
    FROM {schema}.river_queue AS queue
    WHERE %(name)s::text = '*' OR queue.name = %(name)s::text
    ORDER BY queue.name
    FOR UPDATE
),
updated AS (
    UPDATE {schema}.river_queue AS queue
    SET paused_at = NULL,
        updated_at = now()
    FROM locked
    WHERE queue.name = locked.name
        AND locked.paused_at IS NOT NULL
)
SELECT count(*) FROM locked
