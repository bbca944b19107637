"""The catalogue's orders and its search, each by an index."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the indexes that pages of items walk."""
    op.create_index("ix_item_library_id_kind_id", "item", ["library_id", "kind", "id"], unique=False)
    op.create_index(
        "ix_item_library_id_kind_year",
        "item",
        ["library_id", "kind", sa.literal_column("coalesce(year, 0)"), "sort_title", "id"],
        unique=False,
    )
    op.create_index(
        "ix_item_search",
        "item",
        [
            sa.literal_column(
                "to_tsvector('simple'::regconfig, translate("
                "(((title || ' '::text) || sort_title) || ' '::text) || COALESCE(original_title, ''::text), "
                "'./@_:'::text, '     '::text))"
            )
        ],
        unique=False,
        postgresql_using="gin",
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_item_search", table_name="item", postgresql_using="gin")
    op.drop_index("ix_item_library_id_kind_year", table_name="item")
    op.drop_index("ix_item_library_id_kind_id", table_name="item")
