"""Several worker processes on one queue, a load, and what is known of them afterwards."""

import asyncio
import itertools
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg.conninfo import make_conninfo

from app.clock import SystemClock
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.inserter import Inserter
from app.jobs.types import JobRow
from app.observability import Metrics
from tests.faults.invariants import AttemptInterval, Effect, Interval, Journal, check_invariants
from tests.faults.worker_process import FaultArgs, Report, Settings
from tests.fixtures.node import ROOT, clean_environment
from tests.fixtures.waiting import eventually

SOAK = min(float(os.environ.get("REVENGE_TEST_SOAK", "0s").removesuffix("s")), 3600.0)
"""Seconds for which each fault is repeated; 0: each comes once, and the fleet notices it at a brisk pace."""

PATIENCE = 90.0
"""Seconds without the least progress after which a test has failed."""

JOURNAL = "CREATE TABLE journal (job_id bigint, attempt integer, client text, with_job boolean)"
UNFINISHED = "SELECT count(*) FROM river.river_job WHERE finalized_at IS NULL"
MIXTURE = ("plain", "commit", "fail", "snooze")
ROOM_TO_GROW = 48 * 2**20
MOST_IDLE_TASKS = 24
"""Of a leader of one queue; each attempt would be one more."""

OTHER_OPEN_FILES = 24
"""Than sockets to PostgreSQL: its streams, its journal, the event loop's own."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one process had when nothing was to be done."""

    resident_bytes: int
    open_files: int
    tasks: int
    connections: int


class Member:
    """One worker process, as the test sees it. Its input ends with the test, and so does it."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.id = settings.client_id
        self.settings = settings
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.worker_process", msgspec.json.encode(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=ROOT,
                env=clean_environment(),
            )

    async def report(self) -> Report:
        return await asyncio.to_thread(self._ask)

    def _ask(self) -> Report:
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"{self.id} ended: {self.log.read_text()[-3000:]}"
        return msgspec.json.decode(line, type=Report)

    async def stop(self) -> None:
        await asyncio.to_thread(self.process.communicate)
        assert self.process.returncode == 0, self.log.read_text()[-3000:]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def is_there(self) -> bool:
        return self.process.returncode is None


class Fleet:
    """States: empty → members come and go → stopped, and then its rows and its journal are judged."""

    def __init__(self, conninfo: Callable[[], str], folder: Path) -> None:
        self.conninfo = conninfo
        self.members: list[Member] = []
        self.inserted: set[int] = set()
        self.deaths: dict[str, float] = {}
        self.cut_off: set[str] = set()
        self.crashes: list[float] = []
        self._folder = folder
        self._numbers = itertools.count(1)
        self._began = time.monotonic()
        self._rounds = 0
        self._resident: list[int] = []
        self._held: list[Held] = []
        self._judged: Journal | None = None

    async def query(self, statement: str, *parameters: Any) -> list[Any]:
        async with await psycopg.AsyncConnection.connect(self.conninfo(), autocommit=True) as connection:
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall() if cursor.description else []

    async def until(self, statement: str, *parameters: Any, is_true: Callable[[Any], bool] = bool) -> Any:
        """Wait until the one value of a query is as wanted. A database that is away is a reason to ask again."""

        async def answer() -> Any:
            try:
                ((value,),) = await self.query(statement, *parameters)
            except psycopg.OperationalError:
                return None
            return (value,) if is_true(value) else None

        return (await eventually(answer, within=PATIENCE))[0]

    # -- members

    async def start(self, conninfo: str | None = None, **options: Any) -> Member:
        """Start a process and return when it works."""
        client_id = f"worker-{next(self._numbers)}"
        settings = Settings(
            conninfo=make_conninfo(conninfo or self.conninfo(), application_name=client_id),
            client_id=client_id,
            journal=str(self._folder / f"{client_id}.journal"),
            **{"is_brisk": not SOAK, **options},
        )
        member = Member(settings, self._folder / f"{client_id}.log")
        self.members.append(member)
        await member.report()
        return member

    async def leader(self) -> Member:
        leader_id = await self.until("SELECT max(leader_id) FROM river.river_leader WHERE expires_at > now()")
        return next(member for member in self.members if member.id == leader_id)

    async def leader_in_office(self) -> Member:
        """Wait also until it knows that it leads; asked before, it would not know what to resign from."""
        leader = await self.leader()

        def is_in_office() -> bool:
            terms = terms_of(leader.id, lines_of(leader))
            return bool(terms) and terms[-1].ended is None

        await eventually(is_in_office, within=PATIENCE)
        return leader

    def kill(self, member: Member) -> None:
        self.deaths[member.id] = time.monotonic()  # before: what others do once it is dead was after that for certain
        member.kill()

    def close(self) -> None:
        for member in self.members:
            if member.is_there:
                member.kill()

    # -- load

    async def insert(self, count: int, mixture: Sequence[str] = MIXTURE) -> None:
        async with await psycopg.AsyncConnection.connect(self.conninfo(), autocommit=True) as connection:
            inserter = Inserter(PsycopgDriver(self.conninfo, "river"), None, SystemClock(), metrics=Metrics())
            jobs = [FaultArgs(number=number, how=mixture[number % len(mixture)]) for number in range(count)]
            results = await inserter.insert_many_tx(connection, jobs)
        self.inserted.update(result.job.id for result in results)

    async def insert_under_way(self, count: int, mixture: Sequence[str] = MIXTURE, *, by: str = "%") -> None:
        """Insert jobs, and return when some member, or this one, holds some: they cannot all have ended before."""
        async with self.journal_locked():
            await self.insert(count, mixture)
            await self.under_way(by)

    async def under_way(self, client_id: str = "%") -> None:
        """Wait until some member, or this one, holds jobs."""
        await self.until(
            "SELECT count(*) FROM river.river_job"
            " WHERE state = 'running' AND attempted_by[cardinality(attempted_by)] LIKE %s",
            client_id,
        )

    async def drained(self) -> None:
        """Wait until all jobs have ended, as long as some of them still do: how long that takes is the machine's."""
        left = sys.maxsize
        while left:
            left = await self.until(UNFINISHED, is_true=lambda count, left=left: count < left)

    async def drained_without_waiting(self) -> None:
        """The same, with everything due at once that a clock which is ahead has put off."""

        left = sys.maxsize

        async def is_less() -> bool:
            nonlocal left
            await self.query(
                "UPDATE river.river_job SET scheduled_at = now()"
                " WHERE state IN ('available', 'scheduled', 'retryable') AND scheduled_at > now()"
            )
            before, ((left,),) = left, await self.query(UNFINISHED)
            return left < before

        while left:
            await eventually(is_less, within=PATIENCE)

    @asynccontextmanager
    async def journal_locked(self) -> AsyncIterator[None]:
        """Let no effect commit meanwhile: whoever has a connection keeps it."""
        async with await psycopg.AsyncConnection.connect(self.conninfo()) as connection:
            await connection.execute("LOCK TABLE journal")
            yield

    async def rounds(self) -> AsyncIterator[int]:
        """Count rounds: one, or as many as there is time for. After each of them nothing may have piled up."""
        for number in itertools.count():
            yield number
            await self.drained()
            await self.holds_no_more_than_it_needs()
            self._rounds = number + 1
            if time.monotonic() - self._began >= SOAK:
                return

    # -- judgement

    async def holds_no_more_than_it_needs(self) -> None:
        """No attempt's task, no connection and no listener is left over, and memory does not grow."""
        for member in self.members:
            if member.is_there:
                await eventually(lambda member=member: self._is_lean(member), within=PATIENCE)

    async def _is_lean(self, member: Member) -> bool:
        held = await member.report()
        connections = await self.query(
            "SELECT count(*), count(*) FILTER (WHERE query ILIKE 'LISTEN%%')"
            " FROM pg_stat_activity WHERE application_name = %s",
            member.id,
        )
        most = member.settings.pool_size + member.settings.own_pool_size + 1
        is_lean = (
            not any("Executor" in task for task in held.tasks)
            and len(held.tasks) <= MOST_IDLE_TASKS
            and held.open_files <= most + OTHER_OPEN_FILES
            and connections[0][0] <= most
            and connections[0][1] <= 1
        )
        if is_lean:
            self._held.append(Held(held.resident_bytes, held.open_files, len(held.tasks), connections[0][0]))
        if is_lean and member is self.members[0]:
            self._resident.append(held.resident_bytes)
        return is_lean

    async def judge(self) -> None:
        """Stop everybody, and see that every invariant holds."""
        for member in self.members:
            if member.is_there:
                await member.stop()
        rows = await self.rows()
        assert len(rows) == len(self.inserted) > 0
        self._judged = journal = await self.journal()
        assert not (broken := check_invariants(rows, journal)), broken[:20]
        await self.until(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'worker-%%'", is_true=lambda n: n == 0
        )
        if len(self._resident) > 10:  # the first rounds fill caches
            assert self._resident[-1] - self._resident[5] < ROOM_TO_GROW, self._resident

    @property
    def summary(self) -> str:
        """What was done to whom, and what the living held after each round; nothing without a judgement."""
        if self._judged is None:
            return ""
        parts = [
            f"{self._rounds} rounds in {time.monotonic() - self._began:.0f} s",
            f"{len(self.members)} processes, {len(self.deaths)} killed",
            f"PostgreSQL killed {len(self.crashes)} times",
            f"{len(self.inserted)} jobs, {len(self._judged.attempts)} attempts, {len(self._judged.terms)} terms",
        ]
        if self._held:
            parts.append(
                f"at most {max(held.tasks for held in self._held)} tasks,"
                f" {max(held.connections for held in self._held)} connections,"
                f" {max(held.open_files for held in self._held)} open files"
            )
        if mebibytes := [size >> 20 for size in self._resident]:
            middle = mebibytes[len(mebibytes) // 2]
            parts.append(f"the first process: {mebibytes[0]} MiB, {middle} half-way, {mebibytes[-1]} at last")
        return "; ".join(parts)

    async def rows(self) -> list[JobRow]:
        async with await psycopg.AsyncConnection.connect(self.conninfo(), autocommit=True) as connection:
            cursor = await connection.execute("SELECT id FROM river.river_job")
            ids = [row[0] for row in await cursor.fetchall()]
            return await PsycopgDriver(self.conninfo, "river").using(connection).job_get_by_ids(ids)

    async def journal(self) -> Journal:
        attempts: list[AttemptInterval] = []
        terms: list[Interval] = []
        for member in self.members:
            lines = lines_of(member)
            attempts += attempts_of(member.id, lines)
            terms += terms_of(member.id, lines)
        effects = [Effect(*row) for row in await self.query("SELECT job_id, attempt, client, with_job FROM journal")]
        return Journal(self.inserted, attempts, effects, terms, self.deaths, self.cut_off, self.crashes)


def lines_of(member: Member) -> list[list[Any]]:
    """Read what a member has written; a line it is just writing is not there yet."""
    written = Path(member.settings.journal).read_bytes()
    return [msgspec.json.decode(line) for line in written[: written.rfind(b"\n") + 1].splitlines()]


def attempts_of(client: str, lines: list[list[Any]]) -> list[AttemptInterval]:
    ends = {tuple(key): at for at, what, *key in lines if what == "end"}
    return [
        AttemptInterval(client, at, ends.get((job_id, attempt, attempted_at)), job_id, attempt, attempted_at)
        for at, what, job_id, attempt, attempted_at in (line for line in lines if line[1] == "begin")
    ]


def terms_of(client: str, lines: list[list[Any]]) -> list[Interval]:
    """Pair what was written when a term began with what was written when it ended."""
    moments = [(at, what) for at, what, *_ in lines if what in {"lead", "follow"}]
    return [
        Interval(client, at, moments[place + 1][0] if place + 1 < len(moments) else None)
        for place, (at, what) in enumerate(moments)
        if what == "lead"
    ]
