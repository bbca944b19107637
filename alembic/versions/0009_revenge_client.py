"""Which of our nodes work jobs, and when each was last heard of: how a dead node's jobs are found within seconds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.db.revision import jobs_schema

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "revenge_client",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("queues", postgresql.ARRAY(sa.Text), nullable=False, server_default="{}"),
        sa.Column("hostname", sa.Text),
        sa.Column("pid", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="revenge_client_pkey"),
        schema=jobs_schema(),
    )


def downgrade() -> None:
    op.drop_table("revenge_client", schema=jobs_schema())
