"""Pictures: what they look like from afar, and where what was fetched lies."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision: str | None = "0050"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = (
    ("looked_at", sa.DateTime(timezone=True)),
    ("placeholder", sa.Text()),
    ("color", sa.Text()),
    ("digest", sa.LargeBinary()),
    ("size", sa.BigInteger()),
    ("mtime_ns", sa.BigInteger()),
    ("problem", sa.Text()),
)


def upgrade() -> None:
    """Add the columns."""
    for name, kind in COLUMNS:
        op.add_column("image", sa.Column(name, kind, nullable=True))
    op.create_index("ix_image_digest", "image", ["digest"], postgresql_where=sa.text("digest IS NOT NULL"))


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_image_digest", table_name="image")
    for name, _ in reversed(COLUMNS):
        op.drop_column("image", name)
