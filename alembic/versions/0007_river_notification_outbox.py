"""River's tables, version 7: notification outbox."""

from app.db.revision import jobs_schema, on_driver
from app.jobs.driver.migrations import RiverMigrator

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_up, 7)


def downgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_down, 7)
