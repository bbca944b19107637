"""River's tables, version 4: pending and more."""

from app.db.revision import jobs_schema, on_driver
from app.jobs.driver.migrations import RiverMigrator

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_up, 4)


def downgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_down, 4)
