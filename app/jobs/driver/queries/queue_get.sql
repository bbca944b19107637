SELECT {queue_columns}
FROM {schema}.river_queue AS queue
WHERE queue.name = %(name)s::text
