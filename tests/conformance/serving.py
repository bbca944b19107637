"""One request after the other, each answered before the next is read; the end of the input ends everything."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import AsyncIterator

import structlog

from app.jobs.maintenance.maintenance_service import MaintenanceService
from tests.conformance.database import Database
from tests.conformance.methods import Methods
from tests.conformance.protocol import (
    INTERNAL_ERROR,
    code_of,
    decode_request,
    encode_failure,
    encode_result,
)

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes. A batch of thousands of jobs is one line."""

log = structlog.get_logger("tests.conformance")


def serve(requests: int, responses: int) -> int:
    """Answer until the input ends; return the process's exit status."""
    log_to_stderr()
    time.tzset()
    MaintenanceService.start_delay = 0.0  # as in Go's adapter: a leader acts at once, rows are compared by time
    if (driver := os.environ.get("RIVER_CONFORMANCE_DRIVER", "")) != "postgres":
        sys.stderr.write(f"RIVER_CONFORMANCE_DRIVER is {driver!r}; there is only postgres\n")
        return 1
    database = Database(
        os.environ["RIVER_CONFORMANCE_DATABASE_URL"], os.environ.get("RIVER_CONFORMANCE_APPLICATION_NAME", "")
    )
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(answer_all(Methods(database, driver), requests, responses))
    return 0


def log_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


def new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # there is none for this platform
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def answer_all(methods: Methods, requests: int, responses: int) -> None:
    try:
        with os.fdopen(responses, "wb", buffering=0) as output:
            async for line in lines(requests):
                write_all(output.fileno(), await answer(methods, line))
    finally:
        await methods.close()


async def lines(requests: int) -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    with os.fdopen(requests, "rb", buffering=0, closefd=False) as source:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), source
        )
        try:
            while line := await reader.readline():
                yield line
        finally:
            transport.close()


async def answer(methods: Methods, line: bytes) -> bytes:
    request_id = 0
    try:
        request = decode_request(line)
        request_id = request.id
        request.check()
        return encode_result(request_id, await methods.call(request))
    except Exception as err:
        if code_of(err) == INTERNAL_ERROR:
            log.exception("a defect of the adapter", request=request_id)
        return encode_failure(request_id, err)


def write_all(output: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(output, left) :]
