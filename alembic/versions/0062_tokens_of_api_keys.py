"""Tokens in addresses know the API key that they were made with, and end with it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision: str | None = "0061"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("media_token", "playback")


def upgrade() -> None:
    """Add the columns. Which key made the tokens that there are, nobody knows: those of no login end now."""
    op.execute("DELETE FROM media_token WHERE login_id IS NULL")
    op.execute("UPDATE playback SET token_digest = NULL WHERE login_id IS NULL")
    for table in TABLES:
        op.add_column(table, sa.Column("api_key_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_api_key_id_api_key"), table, "api_key", ["api_key_id"], ["id"], ondelete="CASCADE"
        )
        op.create_index(f"ix_{table}_api_key_id", table, ["api_key_id"])


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_api_key_id", table)
        op.drop_constraint(op.f(f"fk_{table}_api_key_id_api_key"), table, type_="foreignkey")
        op.drop_column(table, "api_key_id")
