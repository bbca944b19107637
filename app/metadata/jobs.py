"""The kinds that metadata owns. Data only, so that anyone may insert them."""

from uuid import UUID

from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.library.jobs import ONCE


class FetchMetadataArgs(JobArgs, kind="metadata.fetch"):
    """Ask a source about an item and keep what it says. Without a provider: find out first what the item is."""

    item_id: UUID
    item_type: str
    """movie, tvshow, season, artist or album."""
    external_id: str = ""
    provider: str = ""

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="default", priority=3, max_attempts=5, unique=ONCE)


class RefreshExternalIdsArgs(JobArgs, kind="metadata.refresh_external_ids"):
    """Ask the other sources of an item's library what they call it, and have fetched what they say."""

    item_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=4, max_attempts=5, unique=ONCE)


class RefreshMetadataArgs(JobArgs, kind="library.refresh_metadata"):
    """Ask for what was never asked for, and for what is old. None: in all libraries, spread over the day."""

    library_id: UUID | None = None

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=4, max_attempts=5, unique=ONCE)


class RefreshTokensArgs(JobArgs, kind="auth.refresh_tokens"):
    """Renew the tokens that sources gave us before they run out."""

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="scheduled", priority=2, max_attempts=5, unique=ONCE)
