"""Keyframes: how much there is of a film where there is most of it, which playlists have to tell."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision: str | None = "0060"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("keyframes", sa.Column("peak_bit_rate", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("keyframes", "peak_bit_rate")
