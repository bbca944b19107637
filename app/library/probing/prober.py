"""What media files are, and the pictures inside them, as processes say that may die of it."""

from time import perf_counter

import msgspec

from app.config import Settings
from app.library.confined.pool import ConfinedPool
from app.library.confined.process import MAX_ANSWER, NoAnswer
from app.library.errors import ProbeFailed
from app.library.media import MediaInfo, Problem
from app.library.probing.process import INDEX_BYTES, PICTURE, PROBE
from app.observability import Metrics

MODULE = "app.library.probing.process"

PICTURE_TIMEOUT = 15.0
"""Seconds. Somebody waits for it, and pictures come first in a file."""


class Prober:
    """Services start and stop it; before the first file and after a stop there are no processes."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        probe = settings.library.probe
        self._metrics = metrics
        self._pool = ConfinedPool(
            "prober",
            MODULE,
            processes=probe.processes,
            memory=int(probe.memory),
            seconds=probe.timeout.total_seconds(),
            max_answer=MAX_ANSWER,
        )

    async def start(self) -> None:
        await self._pool.start()

    async def stop(self) -> None:
        """End all processes. A file in the middle of being probed fails."""
        await self._pool.stop()

    async def probe(self, file: int) -> MediaInfo:
        """Say what the file behind this descriptor is. The caller keeps and closes the descriptor.

        Raises:
            ProbeFailed: the process died of it, or took too long: another try may go better, or not.
        """
        began = perf_counter()
        try:
            info = await self._probe(file)
        except BaseException as err:
            outcome = err.problem if isinstance(err, ProbeFailed) else "interrupted"
            self._metrics.probes.labels(outcome).inc()
            raise
        self._metrics.probe_duration.observe(perf_counter() - began)
        self._metrics.probes.labels(info.problem or "ok").inc()
        return info

    async def _probe(self, file: int) -> MediaInfo:
        try:
            return await self._pool.ask(file, request(PROBE), _understood)
        except NoAnswer as err:
            raise ProbeFailed(err.problem, err.detail) from err

    async def picture(self, file: int, index: int) -> bytes:
        """Return the picture that is attached as this stream; empty when there is none, or one too large to show.

        Raises:
            ProbeFailed: as for `probe`.
        """
        try:
            return await self._pool.ask(file, request(PICTURE, index), bytes, PICTURE_TIMEOUT)
        except NoAnswer as err:
            raise ProbeFailed(err.problem, err.detail) from err


def request(what: bytes, index: int = 0) -> bytes:
    return what + index.to_bytes(INDEX_BYTES, "big")


def _understood(answer: bytes) -> MediaInfo:
    try:
        return msgspec.json.decode(answer, type=MediaInfo)
    except msgspec.MsgspecError as err:
        raise NoAnswer(Problem.CRASHED, "its prober answered nonsense") from err
