"""Metadata from outside: what all nodes share of the sources, and what each item was taken for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision: str | None = "0043"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables, and give texts of several languages an order."""
    op.create_table(
        "metadata_answer",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_metadata_answer")),
    )
    op.create_index("ix_metadata_answer_expires_at", "metadata_answer", ["expires_at"], unique=False)
    op.create_table(
        "metadata_source",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_metadata_source")),
    )
    op.create_table(
        "metadata_token",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("key_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_metadata_token")),
    )
    op.create_table(
        "metadata_library",
        sa.Column("library_id", sa.Uuid(), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["library_id"], ["library.id"], name=op.f("fk_metadata_library_library_id_library"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("library_id", name=op.f("pk_metadata_library")),
    )
    op.create_table(
        "metadata_match",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("candidates", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("asked_for", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'matched') = (source IS NOT NULL AND external_id IS NOT NULL)",
            name=op.f("ck_metadata_match_matched"),
        ),
        sa.CheckConstraint("decided_by IN ('id', 'search', 'user')", name=op.f("ck_metadata_match_decided_by")),
        sa.CheckConstraint("state IN ('matched', 'doubtful', 'unmatched')", name=op.f("ck_metadata_match_state")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_metadata_match_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_metadata_match")),
    )
    op.create_index(
        "ix_metadata_match_state_item_id",
        "metadata_match",
        ["state", "item_id"],
        unique=False,
        postgresql_where=sa.text("state <> 'matched'"),
    )
    op.create_table(
        "metadata_record",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("refresh_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_metadata_record_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "source", name=op.f("pk_metadata_record")),
    )
    op.create_index("ix_metadata_record_refresh_at", "metadata_record", ["refresh_at"], unique=False)
    op.add_column("item_text", sa.Column("position", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("item_text", "position")
    for table in (
        "metadata_record",
        "metadata_match",
        "metadata_library",
        "metadata_token",
        "metadata_source",
        "metadata_answer",
    ):
        op.drop_table(table)
