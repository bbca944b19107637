-- What has been applied, one row per version. Version 5 rebuilds this table with a line.
CREATE TABLE {schema}.river_migration (
    id bigserial PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL,
    CONSTRAINT version CHECK (version >= 1)
);

CREATE UNIQUE INDEX river_migration_version_idx ON {schema}.river_migration (version);
