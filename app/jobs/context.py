"""The client whose job this is, for code too deep to be handed it (contract 12.3)."""

from contextvars import ContextVar
from typing import TYPE_CHECKING

from app.errors import AppError

if TYPE_CHECKING:
    from app.jobs.client import Client

current: ContextVar["Client"] = ContextVar("app.jobs.client")
"""Set while a client starts its actors, whose tasks, and so whose attempts and their threads, inherit it: no attempt
pays for it."""


class NoClientInContext(AppError):
    """Asked for outside of a worker."""

    code = "no_client_in_context"

    def __init__(self) -> None:
        super().__init__("there is no client here: this code is not called by a worker, middleware or hook")


def client_from_context() -> "Client":
    """Return the client that works the present job; to insert further ones, say.

    Prefer a client that is handed to the worker's constructor: that one can be replaced in a test.

    Raises:
        NoClientInContext: no client is at work here.
    """
    client = current.get(None)
    if client is None:
        raise NoClientInContext
    return client
