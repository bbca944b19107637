"""Shows and music: numbers, credits, what names call a parent, and who said what of an item."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = (
    "absolute_number",
    "disc_number",
    "disc_title",
    "country",
    "release_types",
    "name_key",
)

BEFORE = "'name', 'user', 'metadata'"
SOURCES = "'user', 'nfo', 'tags', 'metadata', 'name'"
SOURCE_COLUMNS = (("item", "title_source"), ("external_id", "source"))


def upgrade() -> None:
    """Add them."""
    op.add_column("item", sa.Column("absolute_number", sa.Integer(), nullable=True))
    op.add_column("item", sa.Column("disc_number", sa.Integer(), nullable=True))
    op.add_column("item", sa.Column("disc_title", sa.Text(), nullable=True))
    op.add_column("item", sa.Column("country", sa.Text(), nullable=True))
    op.add_column("item", sa.Column("release_types", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("item", sa.Column("name_key", sa.Text(), nullable=True))
    op.create_index(
        "ix_item_library_id_kind_name_key",
        "item",
        ["library_id", "kind", "name_key"],
        unique=False,
        postgresql_where=sa.text("name_key IS NOT NULL"),
    )
    _allow_sources(SOURCES)
    op.create_table(
        "item_facts",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(f"source IN ({SOURCES})", name=op.f("ck_item_facts_source")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_facts_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "source", name=op.f("pk_item_facts")),
    )
    op.create_table(
        "item_artist",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("artist_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("joinphrase", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["artist_id"], ["item.id"], name=op.f("fk_item_artist_artist_id_item"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_artist_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "position", name=op.f("pk_item_artist")),
    )
    op.create_index("ix_item_artist_artist_id", "item_artist", ["artist_id"], unique=False)


def downgrade() -> None:
    """Drop them. What only the new sources said counts as metadata from then on."""
    op.drop_table("item_artist")
    op.drop_table("item_facts")
    op.execute("UPDATE item SET title_source = 'metadata' WHERE title_source IN ('nfo', 'tags')")
    op.execute("UPDATE external_id SET source = 'metadata' WHERE source IN ('nfo', 'tags')")
    _allow_sources(BEFORE)
    op.drop_index("ix_item_library_id_kind_name_key", table_name="item")
    for column in COLUMNS:
        op.drop_column("item", column)


def _allow_sources(values: str) -> None:
    for table, column in SOURCE_COLUMNS:
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"{column} IN ({values})")
