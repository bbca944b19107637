"""The kinds that keep the house. Data only."""

from app.jobs.args import JobArgs
from app.jobs.insert_opts import InsertOpts
from app.library.jobs import ONCE


class CleanUpSessionsArgs(JobArgs, kind="cleanup.sessions"):
    """Delete logins, tokens, codes and counts of failures that are worth nothing any more."""

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="scheduled", priority=2, max_attempts=5, unique=ONCE)


class MaintainDatabaseArgs(JobArgs, kind="maintenance.database"):
    """Refresh the planner's statistics, forget what has been kept long enough, and look whether all is well."""

    @classmethod
    def insert_opts(cls) -> InsertOpts:
        return InsertOpts(queue="scheduled", priority=4, max_attempts=5, unique=ONCE)
