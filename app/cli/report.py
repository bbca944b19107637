"""What a job that keeps the house has to tell, for a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from app.web.api_v1.job_view import Job


@dataclass(frozen=True, slots=True)
class Report:
    text: str = ""
    """What was done, in numbers."""
    findings: tuple[str, ...] = ()
    """What somebody should do something about."""

    @classmethod
    def of(cls, job: Job | None) -> "Report":
        """Read the report from a job's row, whatever the job; one that has failed reports why."""
        if job is None:
            return cls()
        if job.state != "completed":
            return cls(job.errors[-1].error if job.errors else "")
        metadata = msgspec.json.decode(job.metadata)
        output = metadata.get("output") if isinstance(metadata, dict) else None
        if not isinstance(output, dict):
            return cls()
        numbers = [f"{name.replace('_', ' ')} {count:,}" for name, count in _counts(output) if count]
        return cls(", ".join(numbers) or "nothing to do", tuple(_findings(output)))


def _counts(output: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, value in output.items():
        if type(value) is int:
            yield name, value
        elif name == "forgotten" and isinstance(value, dict):
            yield from ((f"{kind} forgotten", count) for kind, count in value.items() if type(count) is int)


def _findings(output: Mapping[str, Any]) -> Iterator[str]:
    for broken in output.get("broken_invariants", ()):
        yield f"does not hold {broken['count']} times: {broken['invariant']}; for one, {broken['examples'][0]}"
    health = output.get("health")
    if isinstance(health, dict):
        yield from health.get("warnings", ())
