"""Typesense: what waits to be given to it, and which collection it is given to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision: str | None = "0054"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "search_export",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("of_rebuild", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_export")),
    )
    op.create_index("ix_search_export_of_rebuild_id", "search_export", ["of_rebuild", "id"])
    op.create_table(
        "search_export_state",
        sa.Column("singleton", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("collection", sa.Text(), nullable=True),
        sa.Column("building", sa.Text(), nullable=True),
        sa.CheckConstraint("singleton", name=op.f("ck_search_export_state_singleton")),
        sa.CheckConstraint("num_nonnulls(collection, building) > 0", name=op.f("ck_search_export_state_collection")),
        sa.PrimaryKeyConstraint("singleton", name=op.f("pk_search_export_state")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("search_export_state")
    op.drop_table("search_export")
