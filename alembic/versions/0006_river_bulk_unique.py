"""River's tables, version 6: bulk unique."""

from app.db.revision import jobs_schema, on_driver
from app.jobs.driver.migrations import RiverMigrator

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_up, 6)


def downgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_down, 6)
