DO $line$
BEGIN
    IF EXISTS (SELECT 1 FROM {schema}.river_migration WHERE line <> 'main') THEN
        RAISE EXCEPTION 'other lines than main have been migrated; migrate those down first';
    END IF;
END;
$line$;

DROP TABLE {schema}.river_client_queue;

DROP TABLE {schema}.river_client;

DROP INDEX {schema}.river_job_kind_unique_key_idx;

ALTER TABLE {schema}.river_job DROP COLUMN unique_key;

ALTER TABLE {schema}.river_migration RENAME TO river_migration_old;

CREATE TABLE {schema}.river_migration (
    id bigserial PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL,
    CONSTRAINT version CHECK (version >= 1)
);

CREATE UNIQUE INDEX river_migration_version_idx ON {schema}.river_migration (version);

INSERT INTO {schema}.river_migration (created_at, version)
SELECT created_at, version FROM {schema}.river_migration_old ORDER BY version;

DROP TABLE {schema}.river_migration_old;
