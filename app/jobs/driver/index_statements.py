"""Rebuilding indexes (contract 6.6). None of it runs in a transaction, so never on a caller's connection."""

from collections.abc import Sequence

from app.jobs.driver.arrays import text_array
from app.jobs.driver.statement_runner import StatementRunner
from app.jobs.driver.statements import quote_identifier


class IndexStatements(StatementRunner):
    async def indexes_exist(self, names: Sequence[str]) -> set[str]:
        rows = await self._fetch("indexes_exist", {"schema_name": self.schema, "names": text_array(names)})
        return {row[0] for row in rows}

    async def index_reindex_artifacts(self, name: str) -> list[str]:
        rows = await self._fetch("index_reindex_artifacts", {"schema_name": self.schema, "name": name})
        return [row[0] for row in rows]

    async def index_reindex(self, name: str) -> None:
        await self._run_on_index("index_reindex", name)

    async def index_drop_if_exists(self, name: str) -> None:
        await self._run_on_index("index_drop_if_exists", name)

    async def _run_on_index(self, statement: str, name: str) -> None:
        index = quote_identifier(name).replace("%", "%%")  # as psycopg would have it
        await self._run(self._statements.fragment(statement, index=index), None, prepare=False)
