"""The kinds the library owns. Data only, so that anyone may insert them."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from app.jobs.args import UNIQUE, JobArgs
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.types import JobState

UNFINISHED = frozenset({JobState.AVAILABLE, JobState.PENDING, JobState.RUNNING, JobState.SCHEDULED, JobState.RETRYABLE})
"""Unique while unfinished. Completed is left out, or one run would block the next until the cleaner had passed."""

ONCE = UniqueOpts(by_args=True, by_state=UNFINISHED)

AWAIT_ROOT_INTERVAL = timedelta(minutes=1)


class ScanLibraryArgs(JobArgs, kind="library.scan"):
    """Look what is on disk. One at a time for each library, whatever `full_scan` and `requested_only` say."""

    library_id: Annotated[UUID, UNIQUE]
    root_id: Annotated[UUID | None, UNIQUE] = None
    """A root with a queue of its own; None: all the others."""
    full_scan: bool = False
    """Look into unchanged folders too, and read all names again."""
    requested_only: bool = False
    """Only into the folders that somebody asked for (table `scan_request`)."""

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="default", priority=2, max_attempts=5, unique=ONCE)


class AnalyzeFileArgs(JobArgs, kind="library.analyze"):
    """Probe one file and keep what it says."""

    file_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="default", priority=3, max_attempts=5, unique=ONCE)


class FindKeyframesArgs(JobArgs, kind="library.find_keyframes"):
    """Read one film that has no index of its keyframes, so that it can be cut without being encoded anew."""

    file_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=3, max_attempts=3, unique=ONCE)


class AwaitRootArgs(JobArgs, kind="library.await_root"):
    """Wait for an offline root to come back, then ask for a scan. The waiting is this row; no table remembers it."""

    root_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="default", priority=4, max_attempts=5, unique=ONCE)


class AwaitSettledArgs(JobArgs, kind="library.await_settled"):
    """Wait until files that were being written have been left alone, then ask for a scan of their folders."""

    library_id: Annotated[UUID, UNIQUE]

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="default", priority=4, max_attempts=5, unique=ONCE)


class ReadSideFilesArgs(JobArgs, kind="library.read_side_files"):
    """Look into what lies beside the media of one folder: subtitles, lyrics, artwork, NFO."""

    folder_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="default", priority=3, max_attempts=5, unique=ONCE)


class RefreshAgesArgs(JobArgs, kind="library.refresh_ages"):
    """Work out from which age items are, if another country's certifications are to count first than did."""

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=4, max_attempts=5, unique=ONCE)
