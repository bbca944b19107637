"""Transcodes: of which kind a failure was, so that whoever asks meanwhile hears what kind, and may ask again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision: str | None = "0059"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("transcode", sa.Column("failure_code", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("transcode", "failure_code")
