-- Take the lease when nobody holds it or the holder let it run out; one statement, one winner.
INSERT INTO {schema}.river_leader AS leader (leader_id, elected_at, expires_at)
VALUES (%(leader_id)s::text, now(), now() + make_interval(secs => %(ttl)s::double precision))
ON CONFLICT (name) DO UPDATE
SET leader_id = excluded.leader_id,
    elected_at = excluded.elected_at,
    expires_at = excluded.expires_at
WHERE leader.expires_at < now()
RETURNING leader.leader_id, leader.elected_at, leader.expires_at
