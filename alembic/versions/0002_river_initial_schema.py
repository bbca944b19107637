"""River's tables, version 2: initial schema."""

from app.db.revision import jobs_schema, on_driver
from app.jobs.driver.migrations import RiverMigrator

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_up, 2)


def downgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_down, 2)
