"""For tests of those who have jobs: was it inserted, and what does its worker do with it? Ships with the queue.

- `work_one`: one attempt without any database; what the worker raises, the test sees.
- `work_one_tx`, `work_job_tx`: insert and work within the test's own transaction, with every verdict, hook and
  middleware as in production; roll it back and nothing was there.
- `require_inserted`, `require_many_inserted`, `require_not_inserted`: what is in the table, compared with what is
  expected.
- `StubClock` for a client's `clock`; `seeded_uniform(7)` for a retry policy's jitter; `TestSignal` to wait for what an
  actor does instead of sleeping.
- `resume_after`, `resume_at`: begin a resumable job in its middle.
"""

from app.jobs.signals import TestSignal
from app.jobs.testing.inserted import (
    Expected,
    require_inserted,
    require_many_inserted,
    require_not_inserted,
)
from app.jobs.testing.made import StubClock, make_job, resume_after, resume_at, seeded_uniform
from app.jobs.testing.working import WorkResult, work_job_tx, work_one, work_one_tx

__all__ = [
    "Expected",
    "StubClock",
    "TestSignal",
    "WorkResult",
    "make_job",
    "require_inserted",
    "require_many_inserted",
    "require_not_inserted",
    "resume_after",
    "resume_at",
    "seeded_uniform",
    "work_job_tx",
    "work_one",
    "work_one_tx",
]
