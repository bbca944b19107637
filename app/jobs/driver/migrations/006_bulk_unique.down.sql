-- The older rule allows fewer rows to share a key: the newest keeps it.
UPDATE {schema}.river_job AS older SET unique_key = NULL
WHERE older.unique_key IS NOT NULL
AND EXISTS (
    SELECT 1 FROM {schema}.river_job AS newer
    WHERE newer.kind = older.kind AND newer.unique_key = older.unique_key AND newer.id > older.id
);

CREATE UNIQUE INDEX IF NOT EXISTS river_job_kind_unique_key_idx ON {schema}.river_job (kind, unique_key)
WHERE unique_key IS NOT NULL;

DROP INDEX {schema}.river_job_unique_idx;

ALTER TABLE {schema}.river_job DROP COLUMN unique_states;

DROP FUNCTION {schema}.river_job_state_in_bitmask(bit, {schema}.river_job_state);
