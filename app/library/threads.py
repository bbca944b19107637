"""Calls that wait for a disk, off the event loop and off everybody else's threads.

A network disk that is gone can hold a call for minutes or for ever. The loop's own thread pool is small and shared,
and its threads keep a process from ending, so each of these calls gets a daemon thread.
"""

from collections.abc import Callable
from typing import TypeVar, cast

from app.jobs.threads import run_in_daemon_thread

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """Run `call` in a thread of its own and return what it returns. Cancelling leaves the thread to its fate."""
    return cast("T", await run_in_daemon_thread(call, name="library.disk"))
