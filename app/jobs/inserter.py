"""Puts jobs in: one, many, in a transaction of their own or of the caller's (contract 8)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import prometheus_client

from app.clock import Clock
from app.errors import InvalidInput
from app.jobs.args import JobArgs
from app.jobs.client_config import FETCH_COOLDOWN
from app.jobs.driver.driver import Connection, Driver, JobInsertParams
from app.jobs.errors import UnknownJobKind
from app.jobs.extended_insert import ExtendedInsert
from app.jobs.extensions import Extensions
from app.jobs.insert_opts import InsertOpts
from app.jobs.insert_params import DEFAULT_MAX_ATTEMPTS, InsertPlan, plan
from app.jobs.notify_limiter import NotifyLimiter
from app.jobs.types import JobInsertResult, JobState
from app.jobs.worker import Workers
from app.observability import METRICS, Metrics

JobToInsert = JobArgs | tuple[JobArgs, InsertOpts | None]
"""Args alone, or with what is special about this one."""

_Pair = tuple[JobArgs, InsertOpts | None]


class Inserter:
    """Rows and their notification are one statement: nobody hears of a job that a roll-back has taken away again.

    With `workers`, a kind that none of them knows is refused: inserted, it would wait for ever or burn its attempts.
    """

    def __init__(
        self,
        driver: Driver,
        workers: Workers | None,
        clock: Clock,
        *,
        max_attempts: int = DEFAULT_MAX_ATTEMPTS,
        fetch_cooldown: timedelta = FETCH_COOLDOWN,
        skip_unknown_job_check: bool = False,
        metrics: Metrics = METRICS,
        extensions: Extensions | None = None,
    ) -> None:
        self._driver = driver
        self._workers = None if skip_unknown_job_check else workers
        self._clock = clock
        self._max_attempts = max_attempts
        self._metrics = metrics
        self._enqueued: dict[tuple[str, str], prometheus_client.Counter] = {}
        self._extended = ExtendedInsert(extensions or Extensions())
        self.notify_limiter = NotifyLimiter(fetch_cooldown.total_seconds())
        """Shared with whoever else announces jobs of this client: the scheduler."""

    async def insert(self, args: JobArgs, opts: InsertOpts | None = None) -> JobInsertResult:
        """Insert one job.

        Raises:
            InvalidInput, UnknownJobKind: nothing was inserted.
        """
        return _only(await self._insert(self._driver, [(args, opts)]))

    async def insert_tx(self, connection: Connection, args: JobArgs, opts: InsertOpts | None = None) -> JobInsertResult:
        """Insert in the caller's transaction: the job is there if and when that commits, and announced then."""
        return _only(await self._insert(self._driver.using(connection), [(args, opts)]))

    async def insert_many(self, jobs: Iterable[JobToInsert]) -> list[JobInsertResult]:
        """Insert all or none, in order, by one statement.

        Raises:
            InvalidInput: there are none, one makes no sense, or two of them have the same unique key.
        """
        return await self._insert(self._driver, _checked_pairs(jobs))

    async def insert_many_tx(self, connection: Connection, jobs: Iterable[JobToInsert]) -> list[JobInsertResult]:
        return await self._insert(self._driver.using(connection), _checked_pairs(jobs))

    async def insert_many_fast(self, jobs: Iterable[JobToInsert]) -> int:
        """Insert by COPY and say how many: no rows come back, and duplicates of unique jobs are not skipped.

        Raises:
            InvalidInput, UnknownJobKind: nothing was inserted; also when there is nothing to insert, or two of them
                have the same unique key.
            UniqueConflict: nothing was inserted; one of them is there already.
        """
        pairs = _checked_pairs(jobs)
        plans = self._plan_many(pairs)
        distinct = {id(one): one for one in plans}
        if self._extended.concerns(distinct.values()) or any(one.unique for one in distinct.values()):
            return await self._insert_fast(self._driver, _params_of(pairs, plans, self._clock.now()))
        # Made while the server reads those before them, which takes a sixth of the time away; in the caller's
        # transaction, args that are no JSON would then spoil it.
        params = _params_of(pairs, plans, self._clock.now())
        queues = self._queues_to_notify(distinct.values())
        count = await self._driver.job_insert_fast_many(params, notify_queues=queues)
        for key, number in Counter(map(id, plans)).items():
            self._count({(distinct[key].kind, distinct[key].queue): number})
        return count

    async def insert_many_fast_tx(self, connection: Connection, jobs: Iterable[JobToInsert]) -> int:
        """Insert by COPY in the caller's transaction, which a conflict spoils: only a roll-back can follow it."""
        return await self._insert_fast(self._driver.using(connection), self._resolve_many(_checked_pairs(jobs)))

    async def _insert_fast(self, driver: Driver, jobs: Iterable[JobInsertParams]) -> int:
        params = list(jobs)
        if not self._extended.concerns(params):
            return await self._copy(params, driver)
        count = 0

        async def copy() -> list[JobInsertResult]:
            nonlocal count
            count += await self._copy(params, driver)
            return []

        await self._extended.run(params, copy)
        return count

    async def _copy(self, params: Sequence[JobInsertParams], driver: Driver) -> int:
        _check_apart(params)
        count = await driver.job_insert_fast_many(params, notify_queues=self._queues_to_notify(params))
        self._count(Counter((job.kind, job.queue) for job in params))
        return count

    async def _insert(self, driver: Driver, jobs: Sequence[_Pair]) -> list[JobInsertResult]:
        return await self.insert_resolved(self._resolve_many(jobs), driver)

    def resolve(self, args: JobArgs, opts: InsertOpts | None = None) -> JobInsertParams:
        """Say what would be written.

        Raises:
            InvalidInput, UnknownJobKind: nothing may be written.
        """
        return self._resolve_many([(args, opts)])[0]

    def _resolve_many(self, jobs: Sequence[_Pair]) -> list[JobInsertParams]:
        return list(_params_of(jobs, self._plan_many(jobs), self._clock.now()))

    def _plan_many(self, jobs: Sequence[_Pair]) -> list[InsertPlan]:
        """Settle the options once for all jobs that share kind and opts: that is most of the price of a bulk insert."""
        settled: dict[tuple[type[JobArgs], int], InsertPlan] = {}
        plans = []
        for args, opts in jobs:
            key = (type(args), id(opts))  # `jobs` holds the opts, so no id is used twice
            if (found := settled.get(key)) is None:
                self._check_kind(args.kind)
                self._extended.learn(type(args))
                found = settled[key] = plan(type(args), opts, self._max_attempts)
            plans.append(found)
        return plans

    async def insert_resolved(
        self, params: Sequence[JobInsertParams], driver: Driver | None = None
    ) -> list[JobInsertResult]:
        """Insert what was resolved before: for the client's own actors, who give a row what no caller may."""
        driver = driver or self._driver
        if self._extended.concerns(params):
            return await self._extended.run(params, partial(self._insert_rows, params, driver))
        return await self._insert_rows(params, driver)

    async def _insert_rows(self, params: Sequence[JobInsertParams], driver: Driver) -> list[JobInsertResult]:
        _check_apart(params)
        results = await driver.job_insert_many(params, notify_queues=self._queues_to_notify(params))
        self._count(Counter((one.job.kind, one.job.queue) for one in results if not one.unique_skipped_as_duplicate))
        return results

    def _count(self, inserted: Mapping[tuple[str, str], int]) -> None:
        for labels, count in inserted.items():
            if (counter := self._enqueued.get(labels)) is None:  # found anew each time, it would cost 5 µs a job
                counter = self._enqueued[labels] = self._metrics.jobs_enqueued.labels(*labels)
            counter.inc(count)

    def _check_kind(self, kind: str) -> None:
        if self._workers is not None and self._workers.get(kind) is None:
            raise UnknownJobKind(kind)

    def _queues_to_notify(self, jobs: Iterable[JobInsertParams | InsertPlan]) -> list[str]:
        queues = dict.fromkeys(job.queue for job in jobs if job.state is JobState.AVAILABLE)
        return [queue for queue in queues if self.notify_limiter.should_notify(queue)]


def _checked_pairs(jobs: Iterable[JobToInsert]) -> list[_Pair]:
    pairs = [(job, None) if isinstance(job, JobArgs) else job for job in jobs]
    if not pairs:
        raise InvalidInput("jobs", "no jobs to insert")
    return pairs


def _params_of(jobs: Sequence[_Pair], plans: Sequence[InsertPlan], now: datetime) -> Iterator[JobInsertParams]:
    return (one.params(args, now) for (args, _), one in zip(jobs, plans, strict=True))


def _only(results: list[JobInsertResult]) -> JobInsertResult:
    if len(results) != 1:
        raise RuntimeError(f"a JobInsertMiddleware has made {len(results)} results of the insert of one job")
    return results[0]


def _check_apart(params: Sequence[JobInsertParams]) -> None:
    """Refuse equal keys before the database does: there the error would spoil the caller's transaction."""
    seen: dict[bytes, int] = {}
    for index, job in enumerate(params):
        if job.unique_key is not None and seen.setdefault(job.unique_key, index) != index:
            first = seen[job.unique_key]
            raise InvalidInput("jobs", f"jobs {first} and {index} have the same unique key; insert only one of them")
