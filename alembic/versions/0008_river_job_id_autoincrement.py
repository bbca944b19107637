"""River's tables, version 8: job id autoincrement."""

from app.db.revision import jobs_schema, on_driver
from app.jobs.driver.migrations import RiverMigrator

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_up, 8)


def downgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_down, 8)
