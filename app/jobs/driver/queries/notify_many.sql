SELECT pg_notify(%(channel)s::text, payload.text) FROM unnest(%(payloads)s::text[]) AS payload (text)
WHERE {announces}
