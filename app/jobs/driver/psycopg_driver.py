"""The driver over psycopg. Every statement stands in `queries/`; nothing above this folder sees a row.

What River's riverpgxv5 is in Go (contract 12.7).
"""

from app.jobs.driver.driver import Driver, Listener
from app.jobs.driver.index_statements import IndexStatements
from app.jobs.driver.job_statements import JobStatements
from app.jobs.driver.leader_statements import LeaderStatements
from app.jobs.driver.listener import PsycopgListener
from app.jobs.driver.maintenance_statements import MaintenanceStatements
from app.jobs.driver.periodic_statements import PeriodicStatements
from app.jobs.driver.presence_statements import PresenceStatements
from app.jobs.driver.queue_statements import QueueStatements
from app.jobs.driver.statistics_statements import StatisticsStatements
from app.jobs.driver.testing_statements import StatementsForTests


class PsycopgDriver(
    JobStatements,
    MaintenanceStatements,
    LeaderStatements,
    QueueStatements,
    PresenceStatements,
    PeriodicStatements,
    StatisticsStatements,
    IndexStatements,
    StatementsForTests,
    Driver,
):
    """`PsycopgDriver(conninfo, schema, pool_size)`, then `open`.

    `conninfo` is asked when a connection is made, for the server may be one that starts later on a port of its own.
    Without a schema the connection's own counts, as its search path has it.
    """

    def listener(self) -> Listener:
        return PsycopgListener(self._conninfo, self.schema)
