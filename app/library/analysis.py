"""One file → what it is, kept. Whatever the file does, its job ends: with a result, or with a recorded problem.

States of a file here: unprobed or stale → probed (with or without a problem). A result belongs to a size and an mtime:
what changes while we look is looked at again, and what vanishes is left to the next scan.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from app.db.tx import Transactions, Tx
from app.jobs.errors import JobSnooze
from app.library.errors import NotAFile, OutsideRoot, ProbeFailed
from app.library.kinds import FileState
from app.library.media import MediaInfo, Problem
from app.library.opening import opened
from app.library.partial_hash import partial_hash
from app.library.ports import AnalysisListener
from app.library.probing.prober import Prober
from app.library.records import FileLocation
from app.library.repository import files, items, music, probes
from app.library.repository.probes import Stamp
from app.library.service import LibraryService
from app.library.threads import in_thread

log = structlog.get_logger("library.analysis")

TRIES = 3
"""Attempts at a file that kills its prober, or that the system does not give, before that is its recorded problem."""

STILL_GROWING = timedelta(seconds=30)
OFFLINE = timedelta(minutes=1)
AT_ONCE = timedelta(seconds=1)

Complete = Callable[[Tx], Awaitable[object]]


class _Probed(NamedTuple):
    stamp: Stamp
    info: MediaInfo
    partial_hash: bytes | None = None


class FileAnalyzer:
    def __init__(
        self,
        transactions: Transactions,
        prober: Prober,
        service: LibraryService,
        listeners: Sequence[AnalysisListener],
    ) -> None:
        self._transactions = transactions
        self._prober = prober
        self._service = service
        self._listeners = listeners

    async def analyze(self, file_id: UUID, attempt: int, complete: Complete) -> None:
        """Probe a file and keep what it says; `complete` ends the job in the same transaction.

        Raises:
            ProbeFailed: this try told nothing; the next may.
            JobSnooze: not now: the file is being written, or its disk is away.
        """
        async with self._transactions.begin() as tx:
            location = await files.locate(tx, file_id)
            if location is None or location.state != FileState.PRESENT or await probes.is_probed(tx, file_id):
                await complete(tx)
                return
        probed = await self._probe(location, attempt)
        async with self._transactions.begin() as tx:
            if probed is None:
                await probes.look_again(tx, file_id)
            else:
                await self._keep(tx, location, probed)
            await complete(tx)

    async def _probe(self, location: FileLocation, attempt: int) -> _Probed | None:
        """Return what was probed and what it said; None when the file is not there."""
        recorded = Stamp(location.size, location.mtime_ns)
        try:
            async with opened(location) as file:
                return await self._probe_open(file, location, attempt)
        except (FileNotFoundError, NotADirectoryError):
            if await in_thread(lambda: _is_away(location.root)):
                raise JobSnooze(OFFLINE) from None
            return None
        except (OutsideRoot, NotAFile) as err:
            return _Probed(recorded, MediaInfo(problem=Problem.UNREADABLE, detail=str(err)))
        except OSError as err:
            detail = err.strerror or type(err).__name__
            if attempt < TRIES:
                raise ProbeFailed(Problem.UNREADABLE, detail) from err
            return _Probed(recorded, MediaInfo(problem=Problem.UNREADABLE, detail=detail))

    async def _probe_open(self, file: int, location: FileLocation, attempt: int) -> _Probed:
        before = _stamp(file)
        try:
            info = await self._prober.probe(file)
        except ProbeFailed as err:
            if attempt < TRIES:
                raise
            info = MediaInfo(problem=Problem(err.problem), detail=err.detail)
        if info.problem is Problem.UNREADABLE and attempt < TRIES:
            raise ProbeFailed(info.problem, info.detail or "")
        digest = await in_thread(lambda: _recognise(file))
        if _stamp(file) != before:
            raise JobSnooze(STILL_GROWING)
        if info.problem is not None:
            log.warning(
                "media file has a problem", file=location.display_path, problem=info.problem, detail=info.detail
            )
        return _Probed(before, info, digest)

    async def _keep(self, tx: Tx, location: FileLocation, probed: _Probed) -> None:
        stamp, info, digest = probed
        await music.lock_music(tx, location.library_id)
        recorded = await probes.lock_file(tx, location.file_id)
        if recorded is None:
            return  # purged meanwhile, with its library
        if recorded not in (Stamp(location.size, location.mtime_ns), stamp):
            # A scan has recorded another content since; what we hold may be of the one before.
            raise JobSnooze(AT_ONCE)
        if await probes.is_probed(tx, location.file_id):
            return  # by another node meanwhile, which had taken this one for dead
        await probes.keep(tx, location.file_id, stamp, info, digest)
        for listener in self._listeners:
            await listener.media_analyzed(tx, [location.file_id])
        await self._service.announce_changed(tx, await items.items_of(tx, [location.file_id]))


def _recognise(file: int) -> bytes | None:
    """Return what tells copies and moved files from others; None where a disk does not give it."""
    try:
        return partial_hash(file)
    except OSError:
        return None


def _stamp(file: int) -> Stamp:
    found = os.fstat(file)
    return Stamp(found.st_size, found.st_mtime_ns)


def _is_away(root: bytes) -> bool:
    """Whether the whole root is gone rather than one file: not there, or the empty folder under a lost mount."""
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is None
    except OSError:
        return True
