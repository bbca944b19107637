"""What searches and filters look into; the job `catalog.rebuild_index` fills it, so that no start waits for it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0046"
down_revision: str | None = "0045"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "search_document",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("library_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("facets", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("popularity", sa.Integer(), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=False),
        sa.Column("rating", sa.REAL(), nullable=False),
        sa.Column("duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("shuffle", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_search_document_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_search_document")),
    )
    op.create_index("ix_search_document_words", "search_document", ["words"], postgresql_using="gin")
    op.create_index("ix_search_document_facets", "search_document", ["facets"], postgresql_using="gin")
    for name, column in (
        ("released", "released_on"),
        ("rating", "rating"),
        ("duration", "duration_ms"),
        ("shuffle", "shuffle"),
    ):
        op.create_index(f"ix_search_document_{name}", "search_document", ["library_id", "kind", column, "item_id"])
    op.create_table(
        "search_title",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("library_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_search_title_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "position", name=op.f("pk_search_title")),
    )
    op.create_index("ix_search_title_key", "search_title", ["library_id", "kind", "key", "item_id"])
    op.create_table(
        "search_word",
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("spellings", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
    )
    op.create_index("ix_search_word_spellings", "search_word", ["spellings"], postgresql_using="gin")
    op.create_table(
        "search_pending",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_pending")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("search_pending")
    op.drop_table("search_word")
    op.drop_table("search_title")
    op.drop_table("search_document")
