"""What the server at the other end can do: YugabyteDB speaks PostgreSQL's language, but not all of it."""

from dataclasses import dataclass
from typing import Any

import psycopg


@dataclass(frozen=True, slots=True)
class Server:
    announces: bool = True
    """Has LISTEN and NOTIFY. Without them nothing is announced, and everyone looks for himself every now and then."""
    has_system_columns: bool = True
    """Tells a row's place (ctid) and whether an insert met an older row (xmax)."""

    def fragments(self) -> dict[str, str]:
        """Return what of our statements depends on the server."""
        return {
            "announces": "true" if self.announces else "false",
            "place": "ctid" if self.has_system_columns else "id",
            "is_duplicate": "job.xmax::text <> '0'" if self.has_system_columns else "false",
        }


POSTGRESQL = Server()


async def server_of(connection: psycopg.AsyncConnection[Any]) -> Server:
    """Ask the server what it is. Its newest versions can announce, when they are told to."""
    cursor = await connection.execute("SELECT version(), current_setting('yb_enable_listen_notify', true)")
    row = await cursor.fetchone()
    if row is None or "-YB-" not in row[0]:
        return POSTGRESQL
    return Server(announces=row[1] == "on", has_system_columns=False)
