"""The harness's fourteen methods, each a few lines on the queue's public face."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from app import __version__
from app.errors import InvalidInput
from app.jobs.client import Client
from app.jobs.driver.driver import Connection, JobListParams
from app.jobs.driver.migrations import Direction, RiverMigrator
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.job_list_cursor import JobListCursor
from tests.conformance import params as asked
from tests.conformance.barriers import Barriers
from tests.conformance.behaviours import EchoArgs
from tests.conformance.database import Database
from tests.conformance.jobs_view import view_of
from tests.conformance.protocol import INVALID_PARAMS, METHOD_NOT_FOUND, REJECTED, Failure, Request, decode_params
from tests.conformance.working_client import WorkingClient

Answer = dict[str, Any]
Method = Callable[[Any], Awaitable[Answer]]

DEFAULT_LIMIT = 100


class Methods:
    def __init__(self, database: Database, driver_name: str) -> None:
        self._database = database
        self._driver_name = driver_name
        self._barriers = Barriers()
        self._working: WorkingClient | None = None
        self._methods: dict[str, tuple[type[Any], Method]] = {
            "cancel": (asked.JobIdParams, self._cancel),
            "handshake": (asked.NoParams, self._handshake),
            "insert": (asked.InsertParams, self._insert),
            "list": (asked.ListParams, self._list),
            "migrate": (asked.MigrateParams, self._migrate),
            "queue": (asked.QueueParams, self._queue),
            "release": (asked.ReleaseParams, self._release),
            "request_resign": (asked.Scope, self._request_resign),
            "retry": (asked.JobIdParams, self._retry),
            "start": (asked.StartParams, self._start),
            "stats": (asked.NoParams, self._stats),
            "stop": (asked.StopParams, self._stop),
            "tx_begin": (asked.TxParams, self._tx_begin),
            "tx_end": (asked.TxEndParams, self._tx_end),
        }

    async def call(self, request: Request) -> Answer:
        if request.method not in self._methods:
            raise Failure(METHOD_NOT_FOUND, f"unknown method {request.method!r}")
        params_type, method = self._methods[request.method]
        return await method(decode_params(request.params, params_type))

    async def close(self) -> None:
        """Stop what runs, roll back what is open."""
        try:
            if self._working is not None:
                await self._working.stop(cancel=True)
        finally:
            await self._database.close()

    async def _where(self, scope: asked.Scope) -> tuple[Client, Connection | None]:
        connection = self._database.transaction(scope.tx) if scope.tx else None
        return await self._database.client(scope.schema), connection

    async def _handshake(self, _params: asked.NoParams) -> Answer:
        return {"driver": self._driver_name, "implementation": "python", "version": __version__}

    # -- jobs

    async def _insert(self, params: asked.InsertParams) -> Answer:
        client, connection = await self._where(params)
        jobs = [(args_of(job), insert_opts(job.opts)) for job in params.jobs]
        if connection is None:
            results = await client.insert_many(jobs)
        else:
            results = await client.insert_many_tx(connection, jobs)
        return {
            "results": [
                {"job": view_of(one.job), "unique_skipped_as_duplicate": one.unique_skipped_as_duplicate}
                for one in results
            ]
        }

    async def _cancel(self, params: asked.JobIdParams) -> Answer:
        client, connection = await self._where(params)
        jobs = client.jobs
        return view_of(await (jobs.cancel_tx(connection, params.id) if connection else jobs.cancel(params.id)))

    async def _retry(self, params: asked.JobIdParams) -> Answer:
        client, connection = await self._where(params)
        jobs = client.jobs
        return view_of(await (jobs.retry_tx(connection, params.id) if connection else jobs.retry(params.id)))

    async def _list(self, params: asked.ListParams) -> Answer:
        client, connection = await self._where(params)
        wanted = list_params(params)
        page = await (client.jobs.list_tx(connection, wanted) if connection else client.jobs.list(wanted))
        return {"cursor": page.cursor, "jobs": [view_of(job) for job in page.jobs]}

    # -- queues, leadership, tables

    async def _queue(self, params: asked.QueueParams) -> Answer:
        client, connection = await self._where(params)
        queues, name = client.queues, params.name
        match params.action:
            case "pause":
                await (queues.pause_tx(connection, name) if connection else queues.pause(name))
            case "resume":
                await (queues.resume_tx(connection, name) if connection else queues.resume(name))
            case "update":
                metadata = bytes(params.metadata)
                if connection:
                    await queues.update_tx(connection, name, metadata=metadata)
                else:
                    await queues.update(name, metadata=metadata)
        return {}

    async def _request_resign(self, params: asked.Scope) -> Answer:
        client, connection = await self._where(params)
        await (client.request_resign_tx(connection) if connection else client.request_resign())
        return {}

    async def _migrate(self, params: asked.MigrateParams) -> Answer:
        migrator = RiverMigrator(params.schema or None)
        try:
            async with await self._database.connect() as connection:
                versions = await migrator.migrate(
                    connection, Direction(params.direction or "up"), params.target_version
                )
        except ValueError as err:
            raise Failure(REJECTED, str(err)) from err
        return {"versions": versions}

    # -- working

    async def _start(self, params: asked.StartParams) -> Answer:
        if self._working is not None:
            raise Failure(REJECTED, "a client is running already")
        working = WorkingClient(await self._database.driver(params.schema), params, self._barriers)
        await working.start()
        self._working = working
        return {}

    async def _stop(self, params: asked.StopParams) -> Answer:
        working, self._working = self._running(), None
        await working.stop(cancel=params.cancel)
        return {}

    async def _stats(self, _params: asked.NoParams) -> Answer:
        return self._running().observations.view()

    def _running(self) -> WorkingClient:
        if self._working is None:
            raise Failure(REJECTED, "no client is running")
        return self._working

    async def _release(self, params: asked.ReleaseParams) -> Answer:
        self._barriers.release(params.name)
        return {}

    # -- transactions

    async def _tx_begin(self, params: asked.TxParams) -> Answer:
        await self._database.begin(params.tx)
        return {}

    async def _tx_end(self, params: asked.TxEndParams) -> Answer:
        await self._database.end(params.tx, commit=params.commit)
        return {}


def args_of(job: asked.JobParams) -> EchoArgs:
    return EchoArgs(behavior=job.behavior, duration_ms=job.duration_ms, message=job.message)


def insert_opts(opts: asked.InsertOptsParams | None) -> InsertOpts | None:
    if opts is None:
        return None
    return InsertOpts(
        queue=opts.queue,
        priority=opts.priority,
        max_attempts=opts.max_attempts,
        tags=opts.tags,
        metadata=bytes(opts.metadata),
        scheduled_at=opts.scheduled_at,
        pending=opts.pending,
        unique=unique_opts(opts.unique),
    )


def unique_opts(unique: asked.UniqueParams | None) -> UniqueOpts | None:
    if unique is None:
        return None
    return UniqueOpts(
        by_args=unique.by_args,
        by_period=timedelta(milliseconds=unique.by_period_ms) if unique.by_period_ms else None,
        by_queue=unique.by_queue,
        by_state=frozenset(unique.by_state) or None,
        exclude_kind=unique.exclude_kind,
    )


def list_params(params: asked.ListParams) -> JobListParams:
    if params.after:
        try:
            JobListCursor.decode(params.after)
        except InvalidInput as err:
            raise Failure(INVALID_PARAMS, str(err)) from err
    return JobListParams(
        ids=params.ids,
        kinds=params.kinds,
        priorities=params.priorities,
        queues=params.queues,
        states=params.states,
        tags_all=params.tags_all,
        metadata=bytes(params.metadata) or None,
        order_by=params.order_by or "id",
        descending=params.direction == "desc",
        after=params.after or None,
        limit=params.limit or DEFAULT_LIMIT,
    )
