"""Rows as PostgreSQL's COPY reads them: one line each, tabs between columns, `\\N` for NULL.

The text format, not the binary one: the server has to parse the JSON in both, and here a line is a few bytes joined.
"""

from collections.abc import Iterator, Sequence

from app.jobs.driver.arrays import text_array
from app.jobs.driver.driver import MAX_ATTEMPTS, JobInsertParams

NULL = b"\\N"

JOBS_PER_BLOCK = 1000
"""Lines handed over at once, so that the server reads one block while we write the next."""


def job_blocks(jobs: Sequence[JobInsertParams]) -> Iterator[bytes]:
    """Yield the lines of all jobs, many at a time."""
    for start in range(0, len(jobs), JOBS_PER_BLOCK):
        yield b"".join(_lines(jobs[start : start + JOBS_PER_BLOCK]))


def _lines(jobs: Sequence[JobInsertParams]) -> Iterator[bytes]:
    """Yield a line per job. What a job shares with the one before it, mostly all but its args, is not made anew."""
    last: tuple[object, ...] = ()
    shared = b""
    for job in jobs:
        common = (
            job.kind, job.queue, job.priority, job.max_attempts, job.state, job.created_at, job.scheduled_at, job.tags,
            job.metadata,
        )  # fmt: skip
        if common != last:
            last, shared = common, _shared_columns(job)
        key = NULL if job.unique_key is None else b"\\\\x" + job.unique_key.hex().encode()
        states = NULL if job.unique_states is None else f"{job.unique_states:08b}".encode()
        yield b"%b\t%b\t%b\t%b\n" % (shared, _escaped(job.encoded_args), key, states)


def _shared_columns(job: JobInsertParams) -> bytes:
    columns = (
        job.kind,
        job.queue,
        str(job.priority),
        str(min(job.max_attempts, MAX_ATTEMPTS)),
        job.state,
        job.created_at.isoformat(),
        job.scheduled_at.isoformat(),
        text_array(job.tags),
    )
    return b"\t".join([*(_escaped(column.encode()) for column in columns), _escaped(job.metadata)])


def _escaped(text: bytes) -> bytes:
    """Escape what COPY would take for the end of a column or a line: JSON given as bytes may hold line breaks."""
    if b"\\" in text:
        text = text.replace(b"\\", b"\\\\")
    if b"\n" in text or b"\r" in text or b"\t" in text:
        text = text.replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t")
    return text
