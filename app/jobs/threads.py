"""Plain functions in daemon threads: nothing can interrupt them, and the process may end in spite of them.

An executor of the standard library joins its threads when the interpreter exits, so one endless worker would keep
the process alive for ever. A thread per call costs some 50 µs, nothing beside the work that wants a thread.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any


async def run_in_daemon_thread(function: Callable[..., Any], *args: Any, name: str) -> Any:
    """Run `function` in a thread of its own and return what it returns, or raise what it raises."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def tell(set_outcome: Callable[[Any], None], outcome: Any) -> None:
        if not future.done():
            set_outcome(outcome)

    def run() -> None:
        try:
            value = context.run(function, *args)
        except BaseException as err:  # noqa: BLE001  the worker's, raised again where it is awaited
            report = (future.set_exception, _carried(err))
        else:
            report = (future.set_result, value)
        try:
            loop.call_soon_threadsafe(tell, *report)
        except RuntimeError:
            # The loop is closed: the process has stopped waiting and nobody is left to be told.
            return

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future


def _carried(err: BaseException) -> BaseException:
    """StopIteration cannot be set on a future; everything else can."""
    if isinstance(err, StopIteration):
        return RuntimeError(f"the worker raised StopIteration({err.value!r})")
    return err
