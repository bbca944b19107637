"""The kinds that keep what searches look into. Data only."""

from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.library.jobs import ONCE


class IndexItemsArgs(JobArgs, kind="catalog.index_items"):
    """Make the documents anew of all items that wait for it.

    Not unique: every change of items asks for one in its own transaction, and a unique key would have these wait for
    one another. Whoever sees one unfinished inserts none; where two come to be, the second finds nothing to do.
    """

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="default", priority=2, max_attempts=5)


class RebuildIndexArgs(JobArgs, kind="catalog.rebuild_index"):
    """Have the documents made that are missing, or were made by older rules; or all of them."""

    everything: bool = False

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="scheduled", priority=3, max_attempts=5, unique=ONCE)
