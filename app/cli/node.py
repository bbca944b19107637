"""The commands that run a node, and the one that prepares its database."""

import signal
from collections.abc import Coroutine
from typing import Annotated, Any

from cyclopts import Parameter

from app.cli.session import GivenSession


def serve(
    *,
    no_work: Annotated[bool, Parameter(help="Work no jobs: other nodes do.")] = False,
    session: GivenSession,
) -> None:
    """Run the web face, the workers and, if none is configured, PostgreSQL. Until a signal."""
    session.set_up_logs()
    from app import main

    session.run_node(_until_signal(main.serve(session.settings, work=not no_work)))


def work(*, session: GivenSession) -> None:
    """Run workers only. Any number of nodes share one database. Until a signal."""
    session.set_up_logs()
    from app import main

    session.run_node(_until_signal(main.work(session.settings)))


async def _until_signal(node: Coroutine[Any, Any, None]) -> None:
    try:
        await node
    finally:
        # A process group and `make` deliver one SIGTERM twice; the second must not kill what has stopped in order.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


async def migrate(*, session: GivenSession) -> None:
    """Bring the database to this version's tables. Every node does so at its start; this does nothing else."""
    session.set_up_logs()
    from app.cli.output import print_line
    from app.db.migrate import current, upgrade
    from app.db.server import DatabaseServer

    server = DatabaseServer(session.settings)
    await server.start()
    try:
        before = await current(server.conninfo)
        await upgrade(server.conninfo, session.settings.jobs.schema)
        after = await current(server.conninfo)
    finally:
        await server.stop()
    print_line(
        f"the database is at revision {after}" + ("" if before == after else f", migrated from {before or 'nothing'}")
    )
