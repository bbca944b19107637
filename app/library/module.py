"""Wiring of the library: what it offers, and who may listen."""

from collections.abc import Sequence
from typing import Any

from dishka import AnyOf, Provider, Scope, collect, provide

from app.config import Settings
from app.jobs import PeriodicJob, cron
from app.jobs.worker import Worker
from app.library.analysis import FileAnalyzer
from app.library.artwork.embedded import EmbeddedPictures
from app.library.artwork.pictures import PictureReader
from app.library.artwork.rendering.renderer import Renderer
from app.library.artwork.renditions import Renditions
from app.library.artwork.store import ImageStore
from app.library.editing import ItemEditor
from app.library.indexing import KeyframeFinder
from app.library.jobs import RefreshAgesArgs
from app.library.ports import AnalysisListener, LibraryListener
from app.library.probing.prober import Prober
from app.library.rating import RefreshAgesWorker
from app.library.scan.phase_1_files import FilesPhase
from app.library.scan.phase_2_moves import MovesPhase
from app.library.scan.phase_3_sweep import SweepPhase
from app.library.scan.phase_4_purge import PurgePhase
from app.library.scan.retagged import PlaceTracks
from app.library.scan.scanner import LibraryScanner
from app.library.service import LibraryService
from app.library.sidecars.reader import SideFileReader
from app.library.sidecars.recorder import SideFileRecorder
from app.library.sidecars.requests import SideFileRequests
from app.library.sidecars.worker import ReadSideFilesWorker
from app.library.watching.watcher import LibraryWatcher
from app.library.workers import (
    AnalyzeFileWorker,
    AwaitRootWorker,
    AwaitSettledWorker,
    FindKeyframesWorker,
    ScanLibraryWorker,
)


class LibraryModule(Provider):
    """`Prober` and `LibraryWatcher` are started and stopped with the application; all else only answers."""

    scope = Scope.APP

    listeners = collect(LibraryListener, provides=Sequence[LibraryListener])
    analysis_listeners = collect(AnalysisListener, provides=Sequence[AnalysisListener])
    service = provide(LibraryService)
    editor = provide(ItemEditor)
    files_phase = provide(FilesPhase)
    moves_phase = provide(MovesPhase)
    sweep_phase = provide(SweepPhase)
    purge_phase = provide(PurgePhase)
    scanner = provide(LibraryScanner)
    watcher = provide(LibraryWatcher)
    prober = provide(Prober)
    renderer = provide(Renderer)
    image_store = provide(ImageStore)
    picture_reader = provide(PictureReader)
    renditions = provide(Renditions)
    analyzer = provide(FileAnalyzer)
    keyframe_finder = provide(KeyframeFinder)
    place_tracks = provide(PlaceTracks, provides=AnalysisListener)
    embedded_pictures = provide(EmbeddedPictures, provides=AnalysisListener)
    side_file_requests = provide(SideFileRequests, provides=AnyOf[SideFileRequests, AnalysisListener])
    side_file_recorder = provide(SideFileRecorder)
    side_file_reader = provide(SideFileReader)
    scan = provide(ScanLibraryWorker, provides=Worker[Any])
    analyze = provide(AnalyzeFileWorker, provides=Worker[Any])
    find_keyframes = provide(FindKeyframesWorker, provides=Worker[Any])
    await_root = provide(AwaitRootWorker, provides=Worker[Any])
    await_settled = provide(AwaitSettledWorker, provides=Worker[Any])
    read_side_files = provide(ReadSideFilesWorker, provides=Worker[Any])
    refresh_ages = provide(RefreshAgesWorker, provides=Worker[Any])

    @provide
    def on_start(self, settings: Settings) -> PeriodicJob:
        """Settings change between two starts."""
        return PeriodicJob(
            cron(settings.operations.nightly), RefreshAgesArgs, id="library.refresh_ages", run_on_start=True
        )
