"""A job and a queue as JSON: River's columns by name, and what is JSON in them as it is stored."""

from typing import Any

import msgspec

from app.jobs.types import JobRow, QueueRow


def job_object(job: JobRow) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state,
        "kind": job.kind,
        "args": msgspec.Raw(job.encoded_args),
        "queue": job.queue,
        "priority": job.priority,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "attempted_at": job.attempted_at,
        "attempted_by": job.attempted_by,
        "created_at": job.created_at,
        "scheduled_at": job.scheduled_at,
        "finalized_at": job.finalized_at,
        "errors": job.errors,
        "metadata": msgspec.Raw(job.metadata),
        "tags": job.tags,
    }


def queue_object(queue: QueueRow) -> dict[str, Any]:
    return {
        "name": queue.name,
        "created_at": queue.created_at,
        "metadata": msgspec.Raw(queue.metadata),
        "paused_at": queue.paused_at,
        "updated_at": queue.updated_at,
    }
