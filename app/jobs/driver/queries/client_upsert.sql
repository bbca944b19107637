INSERT INTO {schema}.revenge_client AS client (id, started_at, seen_at, queues, hostname, pid)
VALUES (%(client_id)s::text, now(), now(), %(queues)s::text[], %(hostname)s::text, %(pid)s::integer)
ON CONFLICT (id) DO UPDATE
SET seen_at = excluded.seen_at,
    queues = excluded.queues
