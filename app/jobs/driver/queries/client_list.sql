SELECT client.id, client.started_at, client.seen_at, client.queues
FROM {schema}.revenge_client AS client
ORDER BY client.id
