"""The kinds that keep a Typesense server up with the library. Data only."""

from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.library.jobs import ONCE


class TypesenseItemsArgs(JobArgs, kind="catalog.typesense_items"):
    """Give Typesense the documents of all items that wait for it, and take from it those that are gone.

    Not unique, as `catalog.index_items` is not: whoever sees one unfinished inserts none.
    """

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="default", priority=3, max_attempts=5)


class TypesenseRebuildArgs(JobArgs, kind="catalog.typesense_rebuild"):
    """Have a new collection filled beside the one that is searched: always, or only where that one will not do."""

    force: bool = False

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="scheduled", priority=3, max_attempts=5, unique=ONCE)
