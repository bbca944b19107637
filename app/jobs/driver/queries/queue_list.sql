SELECT {queue_columns}
FROM {schema}.river_queue AS queue
ORDER BY queue.name
LIMIT %(limit)s::integer
