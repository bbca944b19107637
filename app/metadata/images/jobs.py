"""The kind of job that pictures cause. Data only, so that anyone may insert it."""

from uuid import UUID

from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.library.jobs import ONCE


class DownloadImagesArgs(JobArgs, kind="metadata.download_images"):
    """Fetch the pictures of one item that are elsewhere, and look at those nobody has looked at."""

    item_id: UUID

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="low", priority=3, max_attempts=5, unique=ONCE)
