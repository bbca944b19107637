"""Playback: who watches what, and the transcodes that they share."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0048"
down_revision: str | None = "0047"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "playback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("login_id", sa.Uuid(), nullable=True),
        sa.Column("token_digest", sa.LargeBinary(), nullable=True),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("position_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_paused", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_playback_account_id_account"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["login_id"], ["login.id"], name=op.f("fk_playback_login_id_login"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_playback_item_id_item"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_playback_file_id_file"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playback")),
    )
    for column in ("account_id", "login_id", "item_id", "file_id", "seen_at"):
        op.create_index(f"ix_playback_{column}", "playback", [column], unique=False)
    op.create_table(
        "transcode",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recipe", sa.LargeBinary(), nullable=False),
        sa.Column("cuts", sa.LargeBinary(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("zero_ms", sa.BigInteger(), nullable=False),
        sa.Column("origin_ms", sa.BigInteger(), nullable=False),
        sa.Column("frame_rate", sa.Double(), nullable=True),
        sa.Column("aims", postgresql.ARRAY(sa.Integer()), server_default="{}", nullable=False),
        sa.Column("wanted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("runner", sa.Text(), nullable=True),
        sa.Column("runner_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("job_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_transcode_file_id_file"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transcode")),
    )
    op.create_index("uq_transcode_digest", "transcode", ["digest"], unique=True)
    op.create_index("ix_transcode_file_id", "transcode", ["file_id"], unique=False)
    op.create_index("ix_transcode_used_at", "transcode", ["used_at"], unique=False)
    op.create_table(
        "playback_transcode",
        sa.Column("playback_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("transcode_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["playback_id"],
            ["playback.id"],
            name=op.f("fk_playback_transcode_playback_id_playback"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["transcode_id"],
            ["transcode.id"],
            name=op.f("fk_playback_transcode_transcode_id_transcode"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("playback_id", "name", name=op.f("pk_playback_transcode")),
    )
    op.create_index("ix_playback_transcode_transcode_id", "playback_transcode", ["transcode_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_table("playback_transcode")
    op.drop_table("transcode")
    op.drop_table("playback")
