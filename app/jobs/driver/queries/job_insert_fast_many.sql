-- The twelve columns that an insert decides; all others have their defaults.
COPY {schema}.river_job (
    kind, args, queue, priority, max_attempts, state, created_at, scheduled_at, tags, metadata, unique_key,
    unique_states
)
FROM STDIN
