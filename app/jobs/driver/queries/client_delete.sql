DELETE FROM {schema}.revenge_client AS client
WHERE client.id = %(client_id)s::text
