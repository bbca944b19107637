"""Documents by how many people know them, for words that very many have."""

from collections.abc import Sequence

from alembic import op

revision = "0058"
down_revision: str | None = "0057"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_search_document_popularity"


def upgrade() -> None:
    """Create the index."""
    op.create_index(INDEX, "search_document", ["library_id", "popularity", "item_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(INDEX, "search_document")
