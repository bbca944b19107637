"""How an insert of a unique job is told from one that met an older row, where the server has no word for it.

The new row is marked with a number nobody else has: a row that comes back with another mark, or none, was there before.
"""

import secrets
from collections.abc import Sequence

import msgspec

from app.jobs.driver.driver import JobInsertParams
from app.jobs.types import JobInsertResult, JobRow

KEY = "river:unique_nonce"


class _Marked(msgspec.Struct):
    nonce: msgspec.Raw = msgspec.field(name=KEY, default=msgspec.Raw(b""))


def mark(jobs: Sequence[JobInsertParams]) -> list[JobInsertParams]:
    """Return the jobs with a mark on each that is unique."""
    return [job if job.unique_key is None else _marked(job) for job in jobs]


def compare(jobs: Sequence[JobInsertParams], rows: Sequence[JobRow]) -> list[JobInsertResult]:
    """Tell which of these jobs' rows are new."""
    return [
        JobInsertResult(row, job.unique_key is not None and _nonce(row.metadata) != _nonce(job.metadata))
        for job, row in zip(jobs, rows, strict=True)
    ]


def _marked(job: JobInsertParams) -> JobInsertParams:
    metadata = msgspec.json.decode(job.metadata, type=dict[str, msgspec.Raw])
    metadata[KEY] = msgspec.Raw(msgspec.json.encode(secrets.token_hex(8)))
    return msgspec.structs.replace(job, metadata=msgspec.json.encode(metadata))


def _nonce(metadata: bytes) -> bytes:
    """Return the mark as it is written; nothing where there is none."""
    return bytes(msgspec.json.decode(metadata, type=_Marked).nonce) if metadata.startswith(b"{") else b""
