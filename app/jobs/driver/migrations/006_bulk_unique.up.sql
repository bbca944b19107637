-- Whether the bit that stands for a state is set. Immutable, so that an index may depend on it: never change a meaning.
CREATE OR REPLACE FUNCTION {schema}.river_job_state_in_bitmask(
    bitmask bit(8),
    state {schema}.river_job_state
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $meaning$
    SELECT get_bit(
        bitmask,
        CASE state
            WHEN 'scheduled' THEN 0
            WHEN 'running' THEN 1
            WHEN 'retryable' THEN 2
            WHEN 'pending' THEN 3
            WHEN 'discarded' THEN 4
            WHEN 'completed' THEN 5
            WHEN 'cancelled' THEN 6
            WHEN 'available' THEN 7
        END
    ) = 1;
$meaning$;

-- On a large table both may have been made beforehand, the index concurrently.
ALTER TABLE {schema}.river_job ADD COLUMN IF NOT EXISTS unique_states bit(8);

CREATE UNIQUE INDEX IF NOT EXISTS river_job_unique_idx ON {schema}.river_job (unique_key)
WHERE unique_key IS NOT NULL
AND unique_states IS NOT NULL
AND {schema}.river_job_state_in_bitmask(unique_states, state);

DROP INDEX {schema}.river_job_kind_unique_key_idx;
