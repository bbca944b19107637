"""Whose certifications count first: those of the country that metadata are asked for, before any stricter one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision: str | None = "0048"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table with the country that is the default. The ages are worked out again by a job."""
    op.create_table(
        "certifying_country",
        sa.Column("singleton", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("is_applied", sa.Boolean(), nullable=False),
        sa.CheckConstraint("singleton", name=op.f("ck_certifying_country_singleton")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_certifying_country")),
    )
    op.execute("INSERT INTO certifying_country (country, is_applied) VALUES ('US', false)")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("certifying_country")
