"""Rows as PostgreSQL's COPY reads them: one line each, tabs between columns, `\\N` for NULL.

The text format, not the binary one: the server has to parse the JSON in both, and here a line is one formatted string.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.jobs.driver.arrays import text_array
from app.jobs.driver.driver import MAX_ATTEMPTS, JobInsertParams

NULL = "\\N"

JOBS_PER_BLOCK = 1000
"""Lines handed over at once. One by one cost a third more; everything at once would hold the whole batch twice."""


def job_blocks(jobs: Sequence[JobInsertParams]) -> Iterator[str]:
    """Yield the lines of all jobs, many at a time."""
    for start in range(0, len(jobs), JOBS_PER_BLOCK):
        yield "".join(_lines(jobs[start : start + JOBS_PER_BLOCK]))


def _lines(jobs: Sequence[JobInsertParams]) -> Iterator[str]:
    """Yield a line per job. What thousands of jobs of one kind have in common is written once."""
    written: dict[datetime, str] = {}
    for job in jobs:
        for time in (job.created_at, job.scheduled_at):
            if time not in written:
                written[time] = time.isoformat()
        key = NULL if job.unique_key is None else f"\\\\x{job.unique_key.hex()}"
        states = NULL if job.unique_states is None else f"{job.unique_states:08b}"
        yield (
            f"{_escaped(job.kind)}\t{_escaped(job.encoded_args.decode())}\t{job.queue}\t{job.priority}\t"
            f"{min(job.max_attempts, MAX_ATTEMPTS)}\t{job.state}\t{written[job.created_at]}\t"
            f"{written[job.scheduled_at]}\t{_tags(job.tags)}\t{_escaped(job.metadata.decode())}\t{key}\t{states}\n"
        )


def _tags(tags: Sequence[str]) -> str:
    return _escaped(text_array(tags)) if tags else "{}"


def _escaped(text: str) -> str:
    """Escape what COPY would take for the end of a column or a line. Metadata given as bytes may hold line breaks."""
    text = text.replace("\\", "\\\\")
    if "\n" in text or "\r" in text or "\t" in text:
        text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return text
