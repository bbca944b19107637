"""River's tables, version 5: migration unique client."""

from app.db.revision import jobs_schema, on_driver
from app.jobs.driver.migrations import RiverMigrator

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_up, 5)


def downgrade() -> None:
    on_driver(RiverMigrator(jobs_schema()).step_down, 5)
