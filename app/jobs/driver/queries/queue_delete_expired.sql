DELETE FROM {schema}.river_queue AS queue
WHERE queue.name IN (
    SELECT expired.name
    FROM {schema}.river_queue AS expired
    WHERE expired.updated_at < %(before)s::timestamptz
    ORDER BY expired.name
    LIMIT %(limit)s::integer
)
RETURNING queue.name
