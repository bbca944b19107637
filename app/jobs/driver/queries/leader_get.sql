SELECT leader.leader_id, leader.elected_at, leader.expires_at
FROM {schema}.river_leader AS leader
