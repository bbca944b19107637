"""Finding the intros and credits of a season: listening to each episode once, then holding them against each other."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from app.db.tx import Transactions
from app.jobs.errors import JobCancel
from app.library.repository.rows import run
from app.library.threads import in_thread
from app.playback.ahead.files import Complete, FilesAhead, Report, opened_as_scanned, stamp_of
from app.playback.errors import TranscodeFailed
from app.playback.ffmpeg.binary import Capabilities, FfmpegBinary
from app.playback.intros import repository
from app.playback.intros.chapters import kind_of
from app.playback.intros.common import Run, common_run
from app.playback.intros.fingerprints import ending_of, listen, opening_of, unpack
from app.playback.intros.repository import EpisodeFile, Fingerprints, Segment
from app.playback.intros.season import Heard, agreed, pairs
from app.playback.streaming.playable import zero_of
from app.playback.streaming.records import KnownFile

log = structlog.get_logger("playback.intros")


class IntroService:
    def __init__(self, transactions: Transactions, files: FilesAhead, binary: FfmpegBinary) -> None:
        self._transactions = transactions
        self._files = files
        self._binary = binary

    async def make(self, season_id: UUID, complete: Complete, report: Report, *, is_last_try: bool) -> None:
        """Find what the episodes of a season have in common. Each fingerprint is kept as soon as it is there.

        Raises:
            JobCancel: there is no such season, or this FFmpeg has no Chromaprint.
            TranscodeFailed: an episode cannot be read; on the last try the others have to do.
        """
        ffmpeg = await self._binary.capabilities()
        if not ffmpeg.fingerprints:
            raise JobCancel("this ffmpeg has no chromaprint; leave playback.ffmpeg unset for the one that came along")
        tried: set[UUID] = set()
        while waiting := [
            one for one in await self._episodes(season_id) if not one.is_heard and one.file_id not in tried
        ]:
            for number, one in enumerate(waiting, 1):
                tried.add(one.file_id)
                await self._hear(ffmpeg, one.file_id, is_last_try=is_last_try)
                await report({"episodes": number, "of": len(waiting)})
        files = await self._episodes(season_id)
        found = await self._find(files)
        async with self._transactions.begin() as tx:
            if not await repository.hold_season(tx, season_id):
                raise JobCancel("there is no such season any more")
            await repository.replace(tx, [one.file_id for one in files], found)
            await complete(tx)

    async def _episodes(self, season_id: UUID) -> list[EpisodeFile]:
        async with self._transactions.begin() as tx:
            return await repository.episodes(tx, season_id)

    # -- listening

    async def _hear(self, ffmpeg: Capabilities, file_id: UUID, *, is_last_try: bool) -> None:
        """Keep what an episode sounds like, or on the last try why nobody knows. One that is gone is left out."""
        try:
            known = await self._files.known(file_id)
            heard, problem = await self._heard(ffmpeg, known, is_last_try=is_last_try)
            values = (*stamp_of(known.location), heard.opening, heard.ending, heard.ending_ms, problem)
            await self._files.keep(known.location, lambda tx: run(tx, repository.KEEP, file_id, *values))
        except JobCancel as err:
            # No reason to cancel what the others have in common.
            log.info("episode is left out", file=str(file_id), reason=str(err))

    async def _heard(
        self, ffmpeg: Capabilities, known: KnownFile, *, is_last_try: bool
    ) -> tuple[Fingerprints, str | None]:
        try:
            return await self._listen(ffmpeg, known), None
        except TranscodeFailed as err:
            if not is_last_try:
                raise
            log.warning("episode cannot be listened to", file=known.location.display_path, reason=str(err))
            return Fingerprints(known.location.file_id, b"", b"", 0), str(err)

    async def _listen(self, ffmpeg: Capabilities, known: KnownFile) -> Fingerprints:
        location, source = known.location, known.source
        sound, duration = source.audio[0], source.duration_ms
        if not duration:
            raise TranscodeFailed("nobody knows how long it is")
        zero, opening, ending = zero_of(source.streams), opening_of(duration), ending_of(duration)
        async with opened_as_scanned(location) as descriptor:
            first = await listen(ffmpeg, sound, descriptor, opening, zero)
            last = await listen(ffmpeg, sound, descriptor, ending, zero)
        return Fingerprints(location.file_id, first, last, ending.begin_ms)

    # -- comparing

    async def _find(self, files: Sequence[EpisodeFile]) -> list[Segment]:
        """Return the segments of these files: what their chapters say, else what they have in common."""
        file_ids = [one.file_id for one in files]
        async with self._transactions.begin() as tx:
            known = await repository.fingerprints(tx, file_ids)
            chapters = await repository.chapters(tx, file_ids)
        found: dict[tuple[UUID, str], Segment] = {}
        for file_id, title, start, end in chapters:
            kind = kind_of(title, start, end)
            if kind is not None:
                found.setdefault((file_id, kind), Segment(file_id, kind, start, end, 1.0, "chapter"))
        heard = [(one, known[one.file_id]) for one in files if one.file_id in known]
        openings = [Heard(one.file_id, one.episodes, 0, unpack(made.opening)) for one, made in heard]
        endings = [Heard(one.file_id, one.episodes, made.ending_ms, unpack(made.ending)) for one, made in heard]
        for kind, stretches in (("intro", openings), ("credits", endings)):
            for segment in await _compared(kind, stretches):
                found.setdefault((segment.file_id, kind), segment)
        return _apart(found)


async def _compared(kind: str, heard: Sequence[Heard]) -> list[Segment]:
    """Hold each against its neighbours, a pair at a time: the loop is not kept from anything for longer."""
    runs: list[list[Run | None]] = [[] for _ in heard]
    for one, other in pairs(heard):
        run = await in_thread(
            lambda first=heard[one].points, second=heard[other].points: common_run(first, second)  # type: ignore[misc]
        )
        runs[one].append(run)
        runs[other].append(None if run is None else run.turned())
    segments: list[Segment] = []
    for stretch, compared in zip(heard, runs, strict=True):
        found = agreed(stretch.begin_ms, compared)
        if found is not None:
            segments.append(Segment(stretch.file_id, kind, found.start_ms, found.end_ms, found.confidence, "sound"))
    return segments


def _apart(found: dict[tuple[UUID, str], Segment]) -> list[Segment]:
    """Leave out credits that are the intro: of a short file both stretches may hold it."""

    def is_intro(segment: Segment) -> bool:
        intro = found.get((segment.file_id, "intro"))
        return segment.kind == "credits" and intro is not None and segment.start_ms < intro.end_ms

    kept: Iterable[Segment] = found.values()
    return [segment for segment in kept if not is_intro(segment)]
