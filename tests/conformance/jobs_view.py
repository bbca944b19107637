"""A row as the harness compares it: times in UTC with Z, lists never null, numbers with every digit."""

from typing import Any

import msgspec

from app.jobs.go_time import go_time
from app.jobs.types import AttemptError, JobRow

RANDOM_KEY = "river:unique_nonce"


def view_of(job: JobRow) -> dict[str, Any]:
    return {
        "args": msgspec.Raw(job.encoded_args),
        "attempt": job.attempt,
        "attempted_at": job.attempted_at and go_time(job.attempted_at),
        "attempted_by": job.attempted_by,
        "created_at": go_time(job.created_at),
        "errors": [error_view(error) for error in job.errors],
        "finalized_at": job.finalized_at and go_time(job.finalized_at),
        "id": job.id,
        "kind": job.kind,
        "max_attempts": job.max_attempts,
        "metadata": metadata_view(job.metadata),
        "priority": job.priority,
        "queue": job.queue,
        "scheduled_at": go_time(job.scheduled_at),
        "state": job.state.value,
        "tags": list(job.tags),
        "unique_key": job.unique_key and job.unique_key.hex(),
        "unique_states": None if job.unique_states is None else sorted(job.unique_states),
    }


def error_view(error: AttemptError) -> dict[str, Any]:
    return {
        "at": go_time(error.at, error.nanosecond),
        "attempt": error.attempt,
        "error": error.error,
        "trace": error.trace,
    }


def metadata_view(metadata: bytes) -> Any:
    if RANDOM_KEY.encode() not in metadata:
        return msgspec.Raw(metadata)
    values = msgspec.json.decode(metadata, type=dict[str, msgspec.Raw])
    values.pop(RANDOM_KEY, None)
    return values
