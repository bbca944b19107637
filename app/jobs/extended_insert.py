"""Inserts with somebody called on the way (contract 8.4)."""

from collections.abc import Iterable, Sequence

from app.jobs.args import JobArgs
from app.jobs.driver.driver import JobInsertParams
from app.jobs.extensions import Extensions
from app.jobs.insert_params import InsertPlan
from app.jobs.middleware import DoInsert, JobInsertMiddleware, nest_insert
from app.jobs.types import JobInsertResult


class ExtendedInsert:
    """Knows what the client and each kind want called, and which inserts that concerns."""

    def __init__(self, extensions: Extensions) -> None:
        self._own = extensions
        self._of_kinds: dict[str, Extensions] = {}

    def learn(self, args_type: type[JobArgs]) -> None:
        """Take note of what a kind brings along, before its jobs are inserted."""
        if args_type.kind not in self._of_kinds and (found := self._own.plus(args_type)) is not self._own:
            self._of_kinds[args_type.kind] = found

    def concerns(self, jobs: Iterable[JobInsertParams | InsertPlan]) -> bool:
        if self._own.insert_begin or self._own.insert_middleware:
            return True
        return bool(self._of_kinds) and any(job.kind in self._of_kinds for job in jobs)

    async def run(self, jobs: Sequence[JobInsertParams], insert: DoInsert) -> list[JobInsertResult]:
        """Call the middleware of the client and of each kind among the jobs, every job's hooks, then `insert`."""

        async def insert_after_hooks() -> list[JobInsertResult]:
            for job in jobs:
                for hook in self._of_kinds.get(job.kind, self._own).insert_begin:
                    await hook.insert_begin(job)
            return await insert()

        return await nest_insert(self._middleware_of(jobs), jobs, insert_after_hooks)()

    def _middleware_of(self, jobs: Sequence[JobInsertParams]) -> list[JobInsertMiddleware]:
        own = self._own.insert_middleware
        kinds = [found for kind in dict.fromkeys(job.kind for job in jobs) if (found := self._of_kinds.get(kind))]
        return [*own, *(one for kind in kinds for one in kind.insert_middleware[len(own) :])]
