SELECT client.id
FROM {schema}.revenge_client AS client
WHERE client.seen_at < now() - make_interval(secs => %(unseen_for)s::double precision)
ORDER BY client.id
