"""The kinds that playback owns. Data only, so that anyone may insert them."""

from uuid import UUID

from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.library.jobs import ONCE


class ThumbnailsArgs(JobArgs, kind="media.thumbnails"):
    """Make the small pictures of one film."""

    media_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=4, max_attempts=3, unique=ONCE)


class ChaptersArgs(JobArgs, kind="media.chapters"):
    """Picture the chapters of one film."""

    media_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=4, max_attempts=3, unique=ONCE)


class LoudnessArgs(JobArgs, kind="media.loudness"):
    """Measure how loud one song is, and add up its album."""

    media_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=4, max_attempts=3, unique=ONCE)


class IntrosArgs(JobArgs, kind="media.intros"):
    """Find the intros and credits that the episodes of one season have in common."""

    season_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=4, max_attempts=3, unique=ONCE)


class CatchUpArgs(JobArgs, kind="media.catch_up"):
    """Ask for what is to be made ahead and is not there: of files that were known before it was wanted."""

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=4, max_attempts=3, unique=ONCE)


class TranscodeArgs(JobArgs, kind="media.transcode"):
    """Make what is wanted of one rendition. What that is stands on the rendition's own row, and changes.

    Not unique: a second job for a row that another works on ends at once.
    """

    session_id: UUID
    """The playback that asked first."""
    media_id: UUID
    """The file."""
    profile: str
    """The rendition's name."""

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="high", priority=1, max_attempts=3)
