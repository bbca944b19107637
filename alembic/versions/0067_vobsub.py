"""A VobSub is one subtitle file of two, with a track for each of its languages."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0067"
down_revision: str | None = "0066"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add what an index says and where its pictures are."""
    op.add_column("side_file", sa.Column("pictures_id", sa.Uuid(), nullable=True))
    op.add_column("side_file", sa.Column("tracks", JSONB(), nullable=True))
    op.create_foreign_key(
        "fk_side_file_pictures_id_side_file", "side_file", "side_file", ["pictures_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "ix_side_file_pictures_id", "side_file", ["pictures_id"], postgresql_where=sa.text("pictures_id IS NOT NULL")
    )


def downgrade() -> None:
    """Drop both."""
    op.drop_index("ix_side_file_pictures_id", "side_file")
    op.drop_column("side_file", "tracks")
    op.drop_column("side_file", "pictures_id")
