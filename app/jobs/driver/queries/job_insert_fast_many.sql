-- The twelve columns that an insert decides; all others have their defaults. What the jobs of one kind have in common
-- stands first, so that it is written once for all of them.
COPY {schema}.river_job (
    kind, queue, priority, max_attempts, state, created_at, scheduled_at, tags, metadata, args, unique_key,
    unique_states
)
FROM STDIN (FORMAT binary)
