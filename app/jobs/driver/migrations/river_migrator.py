"""Moving River's tables from version to version, one transaction each, and keeping River's own record of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, cast

import psycopg
from psycopg import sql

Connection = psycopg.AsyncConnection[Any]

LINE = "main"
LINES_SINCE = 5
"""The version whose `river_migration` first knows lines."""


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class RiverMigration:
    version: int
    name: str

    def statements(self, direction: Direction) -> str:
        file = files(__package__) / f"{self.version:03}_{self.name}.{direction}.sql"
        return file.read_text(encoding="utf-8")


@cache
def bundled() -> tuple[RiverMigration, ...]:
    """Return every version we bring, oldest first."""
    found = (
        file.name.removesuffix(".up.sql").split("_", 1) for file in files(__package__).iterdir() if ".up." in file.name
    )
    return tuple(sorted((RiverMigration(int(version), name) for version, name in found), key=lambda each: each.version))


class RiverMigrator:
    """Migrates the queue's tables in one schema; `None` leaves the schema to `search_path`.

    It neither makes the schema nor keeps others from migrating at the same time; whoever calls does both.
    """

    def __init__(self, schema: str | None = "river") -> None:
        self._schema = schema

    async def migrate(
        self, connection: Connection, direction: Direction, target_version: int | None = None
    ) -> list[int]:
        """Apply what is missing up to a version, or take back what is newer, and return the versions touched.

        Up without a target goes to the latest. Down without one takes back a single version, with -1 all of them.
        Call it outside a transaction: each version commits by itself, since an enum's new value must be committed
        before it can be used.
        """
        existing = await self.existing_versions(connection)
        touched = []
        for version in self._steps(direction, set(existing), target_version):
            async with connection.transaction():
                await self.apply(connection, version, direction)
            touched.append(version)
        return touched

    async def step_up(self, connection: Connection, version: int) -> bool:
        """Apply one version unless somebody has, in the caller's transaction; tell whether it was needed."""
        if version in await self.existing_versions(connection):
            return False
        await self.apply(connection, version, Direction.UP)
        return True

    async def step_down(self, connection: Connection, version: int) -> bool:
        """Take one version back if it is there, in the caller's transaction; tell whether it was."""
        if version not in await self.existing_versions(connection):
            return False
        await self.apply(connection, version, Direction.DOWN)
        return True

    async def apply(self, connection: Connection, version: int, direction: Direction) -> None:
        """Take one step and record it, in whatever transaction the connection is in."""
        migration = next((each for each in bundled() if each.version == version), None)
        if migration is None:
            raise ValueError(f"there is no version {version} of River's tables; known: {versions()}")
        await connection.execute(self._in_schema(migration.statements(direction)))
        if direction is Direction.UP:
            await self._record(connection, version)
        elif version > 1:  # with the first one the table itself is gone
            await self._forget(connection, version)

    async def existing_versions(self, connection: Connection) -> list[int]:
        """Return what has been applied, whoever did it: ours, River's command line, a hand-written migration."""
        columns = await self._columns(connection)
        if not columns:
            return []
        only_ours = sql.SQL("WHERE line = {}").format(LINE) if "line" in columns else sql.SQL("")
        answer = await connection.execute(
            sql.SQL("SELECT version FROM {} {} ORDER BY version").format(self._table, only_ours)
        )
        return [version for (version,) in await answer.fetchall()]

    async def validate(self, connection: Connection) -> list[int]:
        """Return the versions that have not been applied."""
        existing = await self.existing_versions(connection)
        return [version for version in versions() if version not in existing]

    def _steps(self, direction: Direction, existing: set[int], target: int | None) -> Sequence[int]:
        if target not in (None, -1, *versions()):
            raise ValueError(f"there is no version {target} of River's tables; known: {versions()}")
        if direction is Direction.UP:
            return [each for each in versions() if each not in existing and (target is None or each <= target)]
        downward = [each for each in reversed(versions()) if each in existing]
        return downward[:1] if target is None else [each for each in downward if each > target]

    async def _record(self, connection: Connection, version: int) -> None:
        if "line" in await self._columns(connection):
            statement = sql.SQL("INSERT INTO {} (line, version) VALUES ({}, {})").format(self._table, LINE, version)
        else:
            statement = sql.SQL("INSERT INTO {} (version) VALUES ({})").format(self._table, version)
        await connection.execute(statement)

    async def _forget(self, connection: Connection, version: int) -> None:
        only_ours = sql.SQL("AND line = {}").format(LINE) if "line" in await self._columns(connection) else sql.SQL("")
        await connection.execute(
            sql.SQL("DELETE FROM {} WHERE version = {} {}").format(self._table, version, only_ours)
        )

    async def _columns(self, connection: Connection) -> set[str]:
        """Return the columns of the table of versions; none when it does not exist."""
        answer = await connection.execute(
            "SELECT attname FROM pg_catalog.pg_attribute"
            " WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
            [self._table.as_string(connection)],
        )
        return {name for (name,) in await answer.fetchall()}

    @property
    def _table(self) -> sql.Identifier:
        return (
            sql.Identifier("river_migration")
            if self._schema is None
            else sql.Identifier(self._schema, "river_migration")
        )

    def _in_schema(self, statements: str) -> sql.SQL:
        prefix = "" if self._schema is None else sql.Identifier(self._schema).as_string() + "."
        # A quote in the name would end a literal that quotes it, so it is doubled there.
        text = statements.replace("'{schema}.", "'" + prefix.replace("'", "''")).replace("{schema}.", prefix)
        return sql.SQL(cast("Any", text))


def versions() -> list[int]:
    return [each.version for each in bundled()]
