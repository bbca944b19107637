"""What a worker writes about its job inside its own transaction: it commits with the work, or not at all.

River's JobCompleteTx, ResumableSetStepTx and ResumableSetStepCursorTx (contract 12.3).
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from app.jobs.driver.driver import Connection, Driver, JobSetState
from app.jobs.errors import JobNotFound, JobNotRunning
from app.jobs.job import Job
from app.jobs.resumable import CURSOR_KEY
from app.jobs.staged import encode_patch, encode_staged
from app.jobs.types import JobRow, JobState


async def job_complete_tx(
    driver: Driver, connection: Connection, job: Job[Any], *, now: datetime | None = None
) -> JobRow:
    """Complete the job on the caller's connection, merging what the attempt has staged.

    Call it last: it locks the row until the transaction ends. The ordinary completion that follows when the worker
    returns finds the job completed and changes nothing; after a roll-back it is the one that counts.

    Raises:
        JobNotRunning: this attempt lost the job (rescued, cancelled, worked elsewhere); roll back.
        JobNotFound: the job was deleted; roll back.
    """
    finalized_at = now or datetime.now(UTC)
    row = job.row
    outcome = JobSetState(
        id=row.id,
        attempt=row.attempt,
        attempted_at=row.attempted_at or finalized_at,
        state=JobState.COMPLETED,
        finalized_at=finalized_at,
        metadata=encode_patch(job.staged_metadata) if job.staged_metadata else None,
    )
    rows = await driver.using(connection).job_set_state_if_running_many([outcome])
    if not rows:
        raise JobNotFound(row.id)
    if rows[0].state is not JobState.COMPLETED or rows[0].finalized_at != finalized_at:
        raise JobNotRunning(row.id)
    return rows[0]


async def resumable_set_step_tx(driver: Driver, connection: Connection, job: Job[Any]) -> JobRow:
    """Write, on the caller's connection, that the step under way is completed: not even a kill makes it run again.

    Raises:
        JobError: there is no step under way, or one that was left half done comes first.
        JobNotFound: the job was deleted; roll back.
    """
    return await _write_step(driver, connection, job, None)


async def resumable_set_step_cursor_tx(driver: Driver, connection: Connection, job: Job[Any], cursor: Any) -> JobRow:
    """Write how far the cursor step under way has come; a later attempt resumes there.

    Raises:
        JobError: there is no step under way, or one that was left half done comes first.
        InvalidInput: the cursor is no JSON.
        JobNotFound: the job was deleted; roll back.
    """
    return await _write_step(driver, connection, job, encode_staged(CURSOR_KEY, cursor))


async def _write_step(driver: Driver, connection: Connection, job: Job[Any], cursor: msgspec.Raw | None) -> JobRow:
    patch = encode_patch(job.steps.checkpoint(cursor))
    row = await driver.using(connection).job_set_metadata(job.id, patch)
    if row is None:
        raise JobNotFound(job.id)
    job.steps.has_checkpoint(cursor)
    return row
