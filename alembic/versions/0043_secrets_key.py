"""Which keys secrets are sealed with: their ids, and proof of them."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_table(
        "secrets_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("check_value", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secrets_key")),
    )
    op.create_index(
        "uq_secrets_key_is_current", "secrets_key", ["is_current"], unique=True, postgresql_where=sa.text("is_current")
    )


def downgrade() -> None:
    op.drop_table("secrets_key")
