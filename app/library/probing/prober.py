"""What media files are, the pictures inside them and their keyframes, as processes say that may die of it."""

from time import perf_counter

import msgspec

from app.config import Settings
from app.library.confined.pool import ConfinedPool
from app.library.confined.process import MAX_ANSWER, NoAnswer
from app.library.errors import ProbeFailed
from app.library.media import KeyframeIndex, MediaInfo, Problem
from app.library.probing.process import INDEX_BYTES, KEYFRAMES, PICTURE, PROBE
from app.observability import Metrics

MODULE = "app.library.probing.process"

PICTURE_TIMEOUT = 15.0
"""Seconds. Somebody waits for it, and pictures come first in a file."""


SCAN_TIMEOUT = 20 * 60.0
"""Seconds. A film of 30 GB from a disk that gives 25 MB of it in one."""


class Prober:
    """Services start and stop it; before the first file and after a stop there are no processes.

    Whole films are read by a process apart, one at a time: nobody's probe waits for it.
    """

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
            ahead=1,
        )
        self._scanning = ConfinedPool(
            "scanner of keyframes",
            MODULE,
            processes=1,
            memory=int(probe.memory),
            seconds=SCAN_TIMEOUT,
            serves=1,
        )

    async def start(self) -> None:
        await self._pool.start()
        await self._scanning.start()

    async def stop(self) -> None:
        """End all processes. A file in the middle of being probed fails."""
        await self._scanning.stop()
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

    async def keyframes(self, file: int, index: int) -> KeyframeIndex | None:
        """Read a whole film; say where decoding of this stream can begin. None: its packets do not tell.

        Raises:
            ProbeFailed: as for `probe`.
        """
        try:
            return await self._scanning.ask(file, request(KEYFRAMES, index), _index_understood)
        except NoAnswer as err:
            raise ProbeFailed(err.problem, err.detail) from err


def request(what: bytes, index: int = 0) -> bytes:
    return what + index.to_bytes(INDEX_BYTES, "big")


def _index_understood(answer: bytes) -> KeyframeIndex | None:
    try:
        return msgspec.json.decode(answer, type=KeyframeIndex | None)
    except msgspec.MsgspecError as err:
        raise NoAnswer(Problem.CRASHED, "its scanner answered nonsense") from err


def _understood(answer: bytes) -> MediaInfo:
    try:
        return msgspec.json.decode(answer, type=MediaInfo)
    except msgspec.MsgspecError as err:
        raise NoAnswer(Problem.CRASHED, "its prober answered nonsense") from err
