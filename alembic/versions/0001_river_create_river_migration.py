"""River's tables, version 1: create river migration."""

from app.db.revision import create_jobs_schema, drop_jobs_schema_if_empty, jobs_schema, on_driver
from app.jobs.driver.migrations import RiverMigrator

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_jobs_schema()
    on_driver(RiverMigrator(jobs_schema()).step_up, 1)


def downgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_down, 1)
    drop_jobs_schema_if_empty()
