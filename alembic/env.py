"""Runs the migrations: on the connection it was given, or, for a bare `alembic`, on one of its own."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from app.accounts import models as accounts  # noqa: F401  # as below
from app.catalog import models as catalog  # noqa: F401  # as below
from app.db.bare import bare_connection
from app.db.base import Base
from app.errors import AppError
from app.events import models as events  # noqa: F401  # as below
from app.library import models  # noqa: F401  # its tables enter Base.metadata
from app.metadata import models as metadata  # noqa: F401  # as above
from app.playback.chapters import models as chapters  # noqa: F401  # as above
from app.playback.intros import models as intros  # noqa: F401  # as above
from app.playback.loudness import models as loudness  # noqa: F401  # as above
from app.playback.streaming import models as playback  # noqa: F401  # as above
from app.playback.trickplay import models as trickplay  # noqa: F401  # as above
from app.playback.watching import models as watching  # noqa: F401  # as above
from app.vault import models as vault  # noqa: F401  # as above


def run(connection: Connection, schema: str) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_server_default=True,
        jobs_schema=schema,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_bare() -> None:
    async with bare_connection() as (connection, schema):
        await connection.run_sync(run, schema)


def main() -> None:
    if context.is_offline_mode():
        raise SystemExit("--sql is not offered: what a revision has to do depends on what it finds")
    given = context.config.attributes
    if "connection" in given:
        run(given["connection"], given["jobs_schema"])
        return
    try:
        asyncio.run(run_bare())
    except AppError as err:
        raise SystemExit(f"revenge: {err}") from err


main()
