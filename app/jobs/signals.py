"""What a test waits on instead of sleeping: an actor says what it has just done. Silent in production."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class TestSignal(Generic[T]):
    """Remembers every value since `init`, so that a test may wait after the fact. Without `init` it keeps nothing."""

    __test__ = False  # not a test case, whatever its name looks like to a collector

    def __init__(self) -> None:
        self._values: asyncio.Queue[T] | None = None

    def init(self) -> None:
        self._values = asyncio.Queue()

    def signal(self, value: T) -> None:
        if self._values is not None:
            self._values.put_nowait(value)

    async def wait(self, timeout: float = 60) -> T:  # noqa: ASYNC109  a deadline is the point of it
        """Return the oldest value not yet waited for.

        Raises:
            TimeoutError: nothing came.
        """
        if self._values is None:
            raise RuntimeError("init() comes first: nothing is remembered before it")
        async with asyncio.timeout(timeout):
            return await self._values.get()
