-- Renew this very term. The same id with a newer term is somebody else: a process that took our name.
UPDATE {schema}.river_leader AS leader
SET expires_at = now() + make_interval(secs => %(ttl)s::double precision)
WHERE leader.leader_id = %(leader_id)s::text
    AND leader.elected_at = %(elected_at)s::timestamptz
    AND leader.expires_at >= now()
RETURNING leader.leader_id, leader.elected_at, leader.expires_at
