"""River's tables, version 3: tags are never null."""

from app.db.revision import jobs_schema, on_driver
from app.jobs.driver.migrations import RiverMigrator

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_up, 3)


def downgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_down, 3)
