"""When periodic jobs ran and run next, where it is to be remembered: a nightly run that was missed happens once."""

import sqlalchemy as sa
from alembic import op

from app.db.revision import jobs_schema

revision = "0041"
down_revision = "0034"


def upgrade() -> None:
    op.create_table(
        "revenge_periodic",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("last_run_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("next_run_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("last_job_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="revenge_periodic_pkey"),
        schema=jobs_schema(),
    )


def downgrade() -> None:
    op.drop_table("revenge_periodic", schema=jobs_schema())
