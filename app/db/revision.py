"""What Alembic revisions of the queue's tables need beside `op`.

The queue speaks psycopg and knows no SQLAlchemy, so its steps run on Alembic's own connection, seen through to the
driver, and in the transaction that Alembic opened for the revision.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import psycopg
from alembic import op
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateSchema, DropSchema
from sqlalchemy.util import await_only

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Any]


def jobs_schema() -> str:
    """Return the queue's schema, as `env.py` was told it."""
    return cast("str", op.get_context().opts["jobs_schema"])


def on_driver(step: Callable[[Connection, int], Awaitable[T]], version: int) -> T:
    """Run one of River's steps inside this revision's transaction."""
    bind = op.get_bind()
    bind.execute(text("SELECT 1"))  # SQLAlchemy begins late; from here on the transaction is open
    connection = bind.connection.driver_connection
    if not isinstance(connection, psycopg.AsyncConnection):
        raise TypeError("River's tables are migrated over an asynchronous psycopg connection")
    return await_only(step(connection, version))


def create_jobs_schema() -> None:
    """Create it unless it is there. IF NOT EXISTS would ask for the right to create one even then."""
    there = text("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = :name)")
    if not op.get_bind().scalar(there, {"name": jobs_schema()}):
        op.execute(CreateSchema(jobs_schema()))


def drop_jobs_schema_if_empty() -> None:
    """Leave nothing behind, but take away neither `public` nor what others keep or own."""
    if jobs_schema() == "public":
        return
    try:
        with op.get_bind().begin_nested():
            op.execute(DropSchema(jobs_schema()))
    except DBAPIError as err:
        if not isinstance(err.orig, errors.DependentObjectsStillExist | errors.InsufficientPrivilege):
            raise
