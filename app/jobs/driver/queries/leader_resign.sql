WITH resigned AS (
    DELETE FROM {schema}.river_leader AS leader
    WHERE leader.leader_id = %(leader_id)s::text
        AND leader.elected_at = %(elected_at)s::timestamptz
    RETURNING leader.leader_id
)
SELECT CASE WHEN {announces} THEN pg_notify(
    %(channel)s::text,
    json_build_object('leader_id', resigned.leader_id, 'action', 'resigned')::text
) END
FROM resigned
