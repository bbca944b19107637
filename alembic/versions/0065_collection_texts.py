"""What collections are called in several languages."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision: str | None = "0064"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table; the next refresh of a film fills it."""
    op.create_table(
        "collection_text",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("overview", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_collection_text_collection_id_collection"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", "language", name=op.f("pk_collection_text")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("collection_text")
