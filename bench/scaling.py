"""Several processes on one queue: each takes what the others have not, until PostgreSQL or the machine is the limit."""

import asyncio
import os
import time
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import psycopg

from bench.benchmark import installed
from bench.report import Answer, Column, Table
from bench.runner import READY, StepFailed, answer_of, run_step, started, step_limit
from bench.server import Server

PEER = "revenge"

COLUMNS = (
    Column("jobs/s", lambda answer: answer["count"] / answer["seconds"]),
    Column("PostgreSQL µs/job", lambda answer: answer["postgres_us"], digits=1),
    Column("clients µs/job", lambda answer: answer["clients_us"], digits=1),
    Column("cores busy: PostgreSQL", lambda answer: answer["postgres_cores"], digits=2),
    Column("cores busy: clients", lambda answer: answer["clients_cores"], digits=2),
    Column("least share of a process, %", lambda answer: answer["least_share"] * 100),
)


async def table(server: Server, count: int, processes: Sequence[int], rounds: int) -> Table:
    answers: dict[str, list[Answer]] = {name_of(number): [] for number in processes}
    for turn in range(1, rounds + 1):
        for number in processes:
            answer = await measure(server, count, number)
            answers[name_of(number)].append(answer)
            cells = ", ".join([f"{column.title} {column.cell([answer])}" for column in COLUMNS])
            print(f"  {number} on one queue, round {turn}: {cells}", flush=True)
    cores = os.cpu_count()
    title = f"Work {count:,} no-op jobs, several processes on one queue, {cores} cores for them and PostgreSQL"
    return Table(title, COLUMNS, answers, verdict(answers, cores or 1))


def name_of(number: int) -> str:
    return f"{number} process" if number == 1 else f"{number} processes"


async def measure(server: Server, count: int, number: int) -> dict[str, Any]:
    url = await installed(server, PEER)
    await run_step(PEER, "insert_many_fast", count, url)
    async with step_limit(), AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(started(PEER, "work_along", count, url)) for _ in range(number)]
        for process in processes:
            await until_ready(process)
        await server.checkpoint()
        before, began = server.cpu_seconds(), time.perf_counter()
        for process in processes:
            await tell(process, b"go\n")
        await until_all_worked(url)
        seconds, after = time.perf_counter() - began, server.cpu_seconds()
        for process in processes:
            end_input(process)
        told = [await answer_of(process, "revenge: work_along") for process in processes]
    await run_step(PEER, "verify_completed", count, url)
    worked = [answer["worked"] for answer in told]
    if sum(worked) != count:
        raise StepFailed(f"{sum(worked)} runs of {count} jobs")
    clients = sum(answer["cpu_seconds"] for answer in told)
    postgres = None if before is None or after is None else after - before
    return {
        "count": count,
        "seconds": seconds,
        "clients_us": clients / count * 1e6,
        "clients_cores": clients / seconds,
        "postgres_us": None if postgres is None else postgres / count * 1e6,
        "postgres_cores": None if postgres is None else postgres / seconds,
        "least_share": min(worked) / count,
    }


async def until_ready(process: Process) -> None:
    if process.stdout is None or await process.stdout.readline() != READY:
        raise StepFailed("a worker ended before it was ready")


async def tell(process: Process, line: bytes) -> None:
    if process.stdin is not None:
        process.stdin.write(line)
        await process.stdin.drain()


def end_input(process: Process) -> None:
    """It stops then."""
    if process.stdin is not None:
        process.stdin.close()


async def until_all_worked(url: str) -> None:
    query = "SELECT EXISTS (SELECT FROM river.river_job WHERE state IN ('available', 'running'))"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while await (await connection.execute(query)).fetchone() != (False,):  # noqa: ASYNC110  nobody would tell
            await asyncio.sleep(0.02)


def verdict(answers: dict[str, list[Answer]], cores: int) -> str:
    """Say in words what the limit was."""
    most = max(answers, key=lambda name: max(answer["count"] / answer["seconds"] for answer in answers[name]))
    best = max(answers[most], key=lambda answer: answer["count"] / answer["seconds"])
    if best["postgres_cores"] is None:
        return f"Fastest with {most}; PostgreSQL runs elsewhere, so its share cannot be told."
    busy = best["postgres_cores"] + best["clients_cores"]
    limit = "the machine has no more cores to give" if busy > 0.85 * cores else "it waits, for locks or for the disk"
    share = best["postgres_cores"] / busy
    return f"Fastest with {most}: {busy:.2f} of {cores} cores busy, {share:.0%} of that in PostgreSQL; {limit}."
