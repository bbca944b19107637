"""Titles say how many people know them, and what was just indexed is not read by every search for long.

The documents are made anew by `catalog.index_items` after the start: they hold more words now.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision: str | None = "0062"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEYS = ["library_id", "kind", "key", "item_id"]


def upgrade() -> None:
    """Change indexes. The ones of documents stay as they are filled."""
    op.add_column("search_title", sa.Column("popularity", sa.Integer(), server_default="0", nullable=False))
    op.drop_index("ix_search_title_key", "search_title")
    op.create_index("ix_search_title_key", "search_title", KEYS, postgresql_include=["popularity"])
    op.drop_index("ix_search_document_popularity", "search_document")
    op.execute("ALTER INDEX ix_search_document_words SET (gin_pending_list_limit = 256)")


def downgrade() -> None:
    """Change them back."""
    op.execute("ALTER INDEX ix_search_document_words RESET (gin_pending_list_limit)")
    op.create_index("ix_search_document_popularity", "search_document", ["library_id", "popularity", "item_id"])
    op.drop_index("ix_search_title_key", "search_title")
    op.create_index("ix_search_title_key", "search_title", KEYS)
    op.drop_column("search_title", "popularity")
