UPDATE {schema}.river_queue AS queue
SET metadata = %(metadata)s::text::jsonb,
    updated_at = now()
WHERE queue.name = %(name)s::text
RETURNING {queue_columns}
