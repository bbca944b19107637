"""What playback offers to the container, and who may listen."""

from collections.abc import Sequence
from typing import Any

from dishka import AnyOf, Provider, Scope, collect, provide

from app.accounts.ports import AccountListener
from app.config import Settings
from app.jobs import PeriodicJob, cron
from app.jobs.worker import Worker
from app.library.ports import AnalysisListener, LibraryListener
from app.playback.ahead.files import FilesAhead
from app.playback.ahead.requests import AheadRequests
from app.playback.chapters.service import ChapterService, ChapterStore
from app.playback.ffmpeg.binary import FfmpegBinary
from app.playback.fonts.service import FontService
from app.playback.intros.service import IntroService
from app.playback.jobs import CatchUpArgs
from app.playback.loudness.service import LoudnessService
from app.playback.ports import PlaybackListener
from app.playback.streaming.segments import Segments
from app.playback.streaming.service import PlaybackService
from app.playback.streaming.tokens import PlaybackTokens
from app.playback.streaming.wanting import Wanting
from app.playback.sweeping import PlaybackSweeper
from app.playback.transcoding.arrivals import Arrivals
from app.playback.transcoding.room import Room
from app.playback.transcoding.runner import Transcoder
from app.playback.transcoding.store import SegmentStore
from app.playback.transcoding.words import Words
from app.playback.trickplay.service import SheetStore, TrickplayService
from app.playback.watching.listener import WatchStateFindsItsOwner, WatchStateFollows, WatchStateOfPlaybacks
from app.playback.watching.states import WatchStates
from app.playback.workers import (
    CatchUpWorker,
    ChaptersWorker,
    IntrosWorker,
    LoudnessWorker,
    ThumbnailsWorker,
    TranscodeWorker,
)


class PlaybackModule(Provider):
    """`FfmpegBinary` is started and stopped with the application; all else only answers."""

    scope = Scope.APP

    states = provide(WatchStates)
    of_playbacks = provide(WatchStateOfPlaybacks, provides=PlaybackListener)
    follows = provide(WatchStateFollows, provides=LibraryListener)
    finds_its_owner = provide(WatchStateFindsItsOwner, provides=AccountListener)
    listeners = collect(PlaybackListener, provides=Sequence[PlaybackListener])
    service = provide(PlaybackService)
    tokens = provide(PlaybackTokens)
    wanting = provide(Wanting)
    segments = provide(Segments)
    sweeper = provide(PlaybackSweeper)
    arrivals = provide(Arrivals)
    store = provide(SegmentStore)
    binary = provide(FfmpegBinary)
    room = provide(Room)
    fonts = provide(FontService)
    words = provide(Words)
    transcoder = provide(Transcoder)
    files_ahead = provide(FilesAhead)
    requests = provide(AheadRequests, provides=AnyOf[AheadRequests, AnalysisListener])
    catch_up = provide(CatchUpWorker, provides=Worker[Any])
    sheets = provide(SheetStore)
    trickplay = provide(TrickplayService)
    thumbnails = provide(ThumbnailsWorker, provides=Worker[Any])
    chapter_store = provide(ChapterStore)
    chapters = provide(ChapterService)
    picture_chapters = provide(ChaptersWorker, provides=Worker[Any])
    loudness = provide(LoudnessService)
    intros = provide(IntroService)
    find_intros = provide(IntrosWorker, provides=Worker[Any])
    measure_loudness = provide(LoudnessWorker, provides=Worker[Any])
    transcode = provide(TranscodeWorker, provides=Worker[Any])

    @provide
    def nightly(self, settings: Settings) -> PeriodicJob:
        """Also at the start, for settings change between two of them."""
        return PeriodicJob(cron(settings.operations.nightly), CatchUpArgs, id="media.catch_up", run_on_start=True)
