"""What a worker may say about its job (contract 2.2), and what the queue may say to its caller (contract 12.2).

A closed set: whoever catches these has seen all that the queue foresees.
"""

from datetime import timedelta

from app.errors import AppError, Conflict, InvalidInput, NotFound


class JobError(AppError):
    """The attempt failed in a way the worker foresaw: counted, retried, no traceback kept (River's returned error)."""

    code = "job_failed"


class JobCancel(AppError):
    """Raised by a worker: this job can never succeed; do not try again."""

    code = "job_cancelled"

    def __init__(self, cause: BaseException | str) -> None:
        self.cause = cause
        super().__init__(f"JobCancelError: {cause}")


class JobSnooze(AppError):
    """Raised by a worker: not now. Gives the attempt back."""

    code = "job_snoozed"

    def __init__(self, duration: timedelta) -> None:
        if duration < timedelta(0):
            raise ValueError("a job cannot be snoozed into the past")
        self.duration = duration
        super().__init__(f"snoozed for {duration}")


class UnknownJobKind(InvalidInput):
    """No worker of this client takes the kind, and the client was not told to insert it all the same (contract 8.1)."""

    code = "unknown_job_kind"

    def __init__(self, kind: str) -> None:
        super().__init__("kind", f"job kind is not registered in the client's Workers bundle: {kind}")
        self.kind = kind


class JobNotFound(NotFound):
    """No such job: never inserted, deleted, or gone with the cleaner."""

    def __init__(self, job_id: int) -> None:
        super().__init__("job", job_id)


class QueueNotFound(NotFound):
    """No such queue: nobody has worked it for a day (contract 11)."""

    def __init__(self, name: str) -> None:
        super().__init__("queue", name)


class JobRunning(Conflict):
    """A running job cannot be deleted: its worker would end without a row to say so on (contract 2.7)."""

    code = "job_running"

    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id} is running: running jobs cannot be deleted; cancel it first")
        self.job_id = job_id


class JobNotRunning(Conflict):
    """The attempt that wants to complete its job does not own it any more: rescued, cancelled or worked elsewhere."""

    code = "job_not_running"

    def __init__(self, job_id: int) -> None:
        super().__init__(f"job {job_id} is not running this attempt any more")
        self.job_id = job_id


class UniqueConflict(Conflict):
    """A job of the same unique key is already there, in a state that its mask covers (contract 7.6)."""

    code = "unique_conflict"

    def __init__(self) -> None:
        super().__init__("another job with the same unique key is already there")
