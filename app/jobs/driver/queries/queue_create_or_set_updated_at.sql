INSERT INTO {schema}.river_queue AS queue (name, created_at, metadata, updated_at)
VALUES (%(name)s::text, now(), '{}', now())
ON CONFLICT (name) DO UPDATE
SET updated_at = excluded.updated_at
RETURNING {queue_columns}
