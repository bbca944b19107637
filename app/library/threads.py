"""Calls that wait for a disk, off the event loop and off everybody else's threads.

A network disk that is gone can hold a call for minutes or for ever. The loop's own thread pool is small and shared,
and its threads keep a process from ending, so these calls get a daemon thread each.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """Run `call` in a thread of its own and return what it returns. Cancelling leaves the thread to its fate."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = call()
        except BaseException as err:  # noqa: BLE001  whatever it is belongs to the caller
            _tell(loop, done, None, err)
        else:
            _tell(loop, done, result, None)

    threading.Thread(target=run, name="library.disk", daemon=True).start()
    return await done


def _tell(
    loop: asyncio.AbstractEventLoop, done: asyncio.Future[T], result: T | None, error: BaseException | None
) -> None:
    def settle() -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # without an error it is a T

    try:
        loop.call_soon_threadsafe(settle)
    except RuntimeError:
        # The loop was closed while the disk kept us: nobody waits for the answer any more.
        return
