"""A PostgreSQL that somebody else runs: waited for at the start, and refused when it cannot serve us."""

import asyncio
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict

from app.db.embedded.binaries import OLDEST
from app.errors import AppError, Unavailable

log = structlog.get_logger("postgres")

PAUSE = 1.0
ONE_TRY = 5
"""Seconds that one attempt to connect may take: a firewall that drops packets would hold it for minutes."""

NO_ANSWER = "no answer"


class Unreachable(Unavailable):
    code = "database_unreachable"

    def __init__(self, where: str, seconds: float, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(
            f"no PostgreSQL answered at {where} within {seconds:g} s: {reason}. Start it, or correct database.url"
            " (DATABASE_URL); without one a PostgreSQL of its own is used"
        )


class Unsuitable(AppError):
    """It answers, and cannot be worked with."""

    code = "database_unsuitable"


async def wait_until_reachable(conninfo: str, seconds: float) -> None:
    """Try again and again until the server takes us.

    Every refusal counts as "not yet": a server that is being set up lacks first the port, then the role, then the
    database. The reason is logged when it changes, so nobody has to wait for the end to learn it.

    Raises:
        Unreachable: it did not answer in time.
        Unsuitable: it answered and is too old, or does not keep text as UTF-8.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    told = ""
    while True:
        left = deadline - loop.time()
        reason = await problem(conninfo, min(left, ONE_TRY))
        if not reason:
            return
        if reason == NO_ANSWER and told and left < ONE_TRY:
            reason = told  # this try was cut short by our own deadline, which says nothing new about the server
        if loop.time() + PAUSE > deadline:
            raise Unreachable(describe(conninfo), seconds, reason)
        if reason != told:
            log.warning("database not reachable yet", at=describe(conninfo), reason=reason, waiting=round(left))
            told = reason
        await asyncio.sleep(PAUSE)


async def problem(conninfo: str, seconds: float) -> str:
    """Try once and return why we were not taken; nothing when we were."""
    try:
        async with asyncio.timeout(seconds):
            connection = await psycopg.AsyncConnection.connect(conninfo, application_name="revenge start")
    except TimeoutError:
        return NO_ANSWER
    except psycopg.Error as err:
        return " ".join(str(err).split()) or type(err).__name__
    async with connection:
        check(connection, conninfo)
        standby = connection.info.parameter_status("in_hot_standby") == "on"
        return "it is a standby, which can only be read" if standby else ""


def check(connection: psycopg.AsyncConnection[Any], conninfo: str) -> None:
    version = connection.info.server_version
    if version // 10_000 < OLDEST:
        raise Unsuitable(
            f"{describe(conninfo)} is PostgreSQL {version // 10_000}; {OLDEST} or newer is needed. Upgrade it, or leave"
            " database.url out: a PostgreSQL of its own is used then"
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise Unsuitable(
            f"the database at {describe(conninfo)} keeps text as {encoding}; create one with ENCODING 'UTF8'"
        )


def describe(conninfo: str) -> str:
    """Say where that is and as whom, without anything secret."""
    parts = {key: str(value) for key, value in conninfo_to_dict(conninfo).items() if value}
    hosts = parts.get("host", parts.get("hostaddr", "the local socket")).split(",")
    ports = parts.get("port", "5432").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    where = ", ".join(f"{host}:{port or 5432}" for host, port in zip(hosts, ports, strict=False))
    user = f"{parts['user']}@" if "user" in parts else ""
    return f"{user}{where}/{parts.get('dbname', '')}".rstrip("/")
