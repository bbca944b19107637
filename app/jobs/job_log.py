"""What an attempt logged, kept on its job's row as River UI shows it (contract 12.7)."""

from typing import Any

import msgspec
import structlog

from app.jobs.attempt_error import UNSTORABLE
from app.jobs.job import Job
from app.jobs.middleware import DoWork
from app.observability import collecting_lines

log = structlog.get_logger("jobs.job_log")

LOG_KEY = "river:log"

MOST_OF_AN_ATTEMPT = 2 * 1024 * 1024
MOST_OF_A_JOB = 8 * 1024 * 1024
"""Bytes. River's numbers; its ceiling of 64 MiB for the latter holds here too."""

CEILING = 64 * 1024 * 1024


class JobLogMiddleware:
    """Adds `{"attempt": …, "log": …}` to `river:log` when an attempt ends, however it ends.

    Kept are the lines that `app.observability.ContextLines` sees, which `set_up_logs` installs: those of this process,
    at its level, logged by the worker and by whatever tasks and threads it began. An attempt's first 2 MiB are kept,
    then nothing; of all attempts the newest that fit into 8 MiB, and the very last in any case. An attempt that dies
    with its process leaves none.
    """

    def __init__(self, *, max_size_bytes: int = MOST_OF_AN_ATTEMPT, max_total_bytes: int = MOST_OF_A_JOB) -> None:
        self._max_size = max_size_bytes
        self._max_total = min(max_total_bytes, CEILING)

    async def work(self, job: Job[Any], do_inner: DoWork) -> None:
        lines = Lines(self._max_size)
        try:
            with collecting_lines(lines.take):
                await do_inner()
        finally:
            if text := lines.text():
                self._keep(job, text)

    def _keep(self, job: Job[Any], text: str) -> None:
        try:
            earlier = earlier_logs(job.row.metadata)
        except msgspec.DecodeError:
            log.warning("what stands in a job's log is none, and is left as it is", job=job.id)
            return
        newest = msgspec.json.encode({"attempt": job.attempt, "log": text})
        job.staged_metadata[LOG_KEY] = fitting(earlier, newest, self._max_total)


class Lines:
    """The lines of one attempt, as far as they fit. Taken from any thread: a list's append is safe in all of them."""

    def __init__(self, max_size: int) -> None:
        self._lines: list[bytes] = []
        self._left = max_size

    def take(self, line: str) -> None:
        if self._left <= 0:
            return
        encoded = f"{UNSTORABLE.sub(chr(0xFFFD), line)}\n".encode()[: self._left]
        self._left -= len(encoded)
        self._lines.append(encoded)

    def text(self) -> str:
        return b"".join(self._lines).decode(errors="ignore")  # the last one may be cut within a character


class _Stored(msgspec.Struct):
    logs: list[msgspec.Raw] = msgspec.field(name=LOG_KEY, default_factory=list)


def earlier_logs(metadata: bytes) -> list[msgspec.Raw]:
    """Return what earlier attempts left, each as it stands.

    Raises:
        msgspec.DecodeError: it is no list.
    """
    return msgspec.json.decode(metadata, type=_Stored).logs if LOG_KEY.encode() in metadata else []


def fitting(earlier: list[msgspec.Raw], newest: bytes, max_total: int) -> msgspec.Raw:
    """Return the newest logs that fit, as one encoded list. The last one is kept whatever its size."""
    kept, size = [newest], len(newest) + 2
    for one in reversed(earlier):
        size += len(bytes(one)) + 1
        if size > max_total:
            break
        kept.append(bytes(one))
    return msgspec.Raw(b"[" + b",".join(reversed(kept)) + b"]")
