"""Who has seen what, and how far."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision: str | None = "0049"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

VIEWER = "COALESCE(account_id, '00000000-0000-0000-0000-000000000000'::uuid)"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "watch_state",
        sa.Column("viewer_id", sa.Uuid(), sa.Computed(VIEWER, persisted=True), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("position_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("watched", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("play_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_counted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("favorite", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("last_played_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_watch_state_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_watch_state_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("viewer_id", "item_id", name=op.f("pk_watch_state")),
    )
    op.create_index(
        "ix_watch_state_resume",
        "watch_state",
        ["viewer_id", "last_played_at"],
        postgresql_where=sa.text("position_ms > 0"),
    )
    op.create_index("ix_watch_state_touched", "watch_state", ["viewer_id", "touched_at"])
    op.create_index("ix_watch_state_item_id", "watch_state", ["item_id"])
    op.create_index("ix_watch_state_account_id", "watch_state", ["account_id"])
    op.create_table(
        "watch_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("viewer_id", sa.Uuid(), sa.Computed(VIEWER, persisted=True), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("watched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_watch_history_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_watch_history_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_history")),
    )
    op.create_index("ix_watch_history_viewer_id_id", "watch_history", ["viewer_id", "id"])
    op.create_index("ix_watch_history_item_id", "watch_history", ["item_id"])
    op.create_index("ix_watch_history_account_id", "watch_history", ["account_id"])


def downgrade() -> None:
    """Drop them: what everybody has seen is lost."""
    op.drop_table("watch_history")
    op.drop_table("watch_state")
