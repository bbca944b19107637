"""The queue's SQL: one statement per file in `queries/`, read once and bound to a schema."""

import re
from functools import cache
from importlib import resources

from app.jobs.driver.prepared import PreparedStatement
from app.jobs.driver.server import POSTGRESQL, Server

JOB_COLUMNS = """job.id, job.state::text AS state, job.attempt, job.max_attempts, job.attempted_at, job.created_at,
    job.finalized_at, job.scheduled_at, job.priority, job.args, job.attempted_by, job.errors, job.kind, job.metadata,
    job.queue, job.tags, job.unique_key, job.unique_states::text AS unique_states"""
"""What `rows.job_row` reads, in its order; `{job_columns}` in a query. River Pro adds columns of its own to the table,
so nothing here ever says `*` of a table."""

QUEUE_COLUMNS = "queue.name, queue.created_at, queue.metadata, queue.paused_at, queue.updated_at"


def quote_identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Statements:
    """Every query by its file's name, with the schema in place: nothing depends on the search path."""

    def __init__(self, schema: str, server: Server = POSTGRESQL) -> None:
        self._values = {
            **server.fragments(),
            "schema": quote_identifier(schema).replace("%", "%%"),  # psycopg reads % as the start of a parameter
            "job_columns": JOB_COLUMNS,
            "queue_columns": QUEUE_COLUMNS,
        }
        self._texts = {name: _fill(text, self._values) for name, text in _queries().items()}
        self._prepared: dict[str, PreparedStatement] = {}

    def __getitem__(self, name: str) -> bytes:
        return self._texts[name]

    def prepared(self, name: str) -> PreparedStatement:
        """Return a statement that is prepared once on every connection of ours."""
        if (found := self._prepared.get(name)) is None:
            found = self._prepared[name] = PreparedStatement(self[name])
        return found

    def fragment(self, name: str, **values: str) -> bytes:
        """Fill the places of a statement that vary by call. The values are SQL: constants of ours, never input."""
        return _fill(_queries()[name], self._values | values)


@cache
def _queries() -> dict[str, str]:
    folder = resources.files("app.jobs.driver") / "queries"
    return {
        path.name.removesuffix(".sql"): f"/* {path.name.removesuffix('.sql')} */ {_compact(path.read_text('utf-8'))}"
        for path in folder.iterdir()
        if path.name.endswith(".sql")
    }


def _compact(text: str) -> str:
    """Drop comment lines and line breaks: prose is for the reader of the file, not for the wire."""
    lines = (line.strip() for line in text.splitlines())
    return " ".join(line for line in lines if line and not line.startswith("--"))


def _fill(text: str, values: dict[str, str]) -> bytes:
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), text).encode()
