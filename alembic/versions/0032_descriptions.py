"""What is said of items, and what lies beside the media: texts, people, labels, ratings, pictures; side files."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables, and have every folder looked into once more: their side files were never recorded."""
    op.create_table(
        "side_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("read_size", sa.BigInteger(), nullable=True),
        sa.Column("read_mtime_ns", sa.BigInteger(), nullable=True),
        sa.Column("read_for", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('nfo', 'artwork', 'subtitle', 'lyrics')", name=op.f("ck_side_file_kind")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_side_file_file_id_file"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_side_file_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_side_file")),
        sa.UniqueConstraint("folder_id", "name", name=op.f("uq_side_file_folder_id_name")),
    )
    op.create_index("ix_side_file_file_id", "side_file", ["file_id"], unique=False)
    op.create_index("ix_side_file_read_for", "side_file", ["read_for"], unique=False, postgresql_using="gin")
    op.create_table(
        "side_reading",
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_side_reading_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("folder_id", name=op.f("pk_side_reading")),
    )
    op.create_table(
        "item_text",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("plot", sa.Text(), nullable=True),
        sa.Column("outline", sa.Text(), nullable=True),
        sa.Column("tagline", sa.Text(), nullable=True),
        sa.CheckConstraint("source IN ('user', 'nfo', 'tags', 'metadata', 'name')", name=op.f("ck_item_text_source")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_text_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "source", "language", name=op.f("pk_item_text")),
    )
    op.create_table(
        "item_detail",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("runtime_minutes", sa.Integer(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("trailer", sa.Text(), nullable=True),
        sa.Column("disambiguation", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("display_season", sa.Integer(), nullable=True),
        sa.Column("display_episode", sa.Integer(), nullable=True),
        sa.Column("airs_before_season", sa.Integer(), nullable=True),
        sa.Column("airs_before_episode", sa.Integer(), nullable=True),
        sa.Column("airs_after_season", sa.Integer(), nullable=True),
        sa.Column("is_locked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("source IN ('user', 'nfo', 'tags', 'metadata', 'name')", name=op.f("ck_item_detail_source")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_detail_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "source", name=op.f("pk_item_detail")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("thumb_url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("key", name=op.f("uq_person_key")),
    )
    op.create_table(
        "credit",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("character", sa.Text(), nullable=True),
        sa.CheckConstraint("source IN ('user', 'nfo', 'tags', 'metadata', 'name')", name=op.f("ck_credit_source")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_credit_item_id_item"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_credit_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "source", "position", name=op.f("pk_credit")),
    )
    op.create_index("ix_credit_person_id", "credit", ["person_id"], unique=False)
    op.create_table(
        "label",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('genre', 'tag', 'studio', 'country', 'style', 'mood')", name=op.f("ck_label_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    op.create_index("uq_label_kind_lower_name", "label", ["kind", sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "item_label",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("source IN ('user', 'nfo', 'tags', 'metadata', 'name')", name=op.f("ck_item_label_source")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_label_item_id_item"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name=op.f("fk_item_label_label_id_label"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "source", "label_id", name=op.f("pk_item_label")),
    )
    op.create_index("ix_item_label_label_id", "item_label", ["label_id"], unique=False)
    op.create_table(
        "collection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("overview", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("key", name=op.f("uq_collection_key")),
    )
    op.create_table(
        "collection_item",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "source IN ('user', 'nfo', 'tags', 'metadata', 'name')", name=op.f("ck_collection_item_source")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_collection_item_collection_id_collection"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_collection_item_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "source", "collection_id", name=op.f("pk_collection_item")),
    )
    op.create_index("ix_collection_item_collection_id", "collection_item", ["collection_id"], unique=False)
    op.create_table(
        "rating",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("scale", sa.Double(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("source IN ('user', 'nfo', 'tags', 'metadata', 'name')", name=op.f("ck_rating_source")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_rating_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "source", "name", name=op.f("pk_rating")),
    )
    op.create_table(
        "certification",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "source IN ('user', 'nfo', 'tags', 'metadata', 'name')", name=op.f("ck_certification_source")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_certification_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "source", "country", name=op.f("pk_certification")),
    )
    op.create_table(
        "image",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("side_file_id", sa.Uuid(), nullable=True),
        sa.Column("stream_index", sa.Integer(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "role IN ('poster', 'backdrop', 'logo', 'banner', 'thumb', 'disc', 'clearart')", name=op.f("ck_image_role")
        ),
        sa.CheckConstraint("source IN ('local', 'embedded', 'nfo', 'remote')", name=op.f("ck_image_source")),
        sa.CheckConstraint("(stream_index IS NULL) = (file_id IS NULL)", name=op.f("ck_image_embedded")),
        sa.CheckConstraint("num_nonnulls(item_id, file_id) = 1", name=op.f("ck_image_owner")),
        sa.CheckConstraint("num_nonnulls(side_file_id, stream_index, url) = 1", name=op.f("ck_image_place")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_image_file_id_file"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_image_item_id_item"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["side_file_id"], ["side_file.id"], name=op.f("fk_image_side_file_id_side_file"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
    )
    op.create_index("ix_image_side_file_id", "image", ["side_file_id"], unique=False)
    op.create_index("uq_image_file_id_stream_index", "image", ["file_id", "stream_index"], unique=True)
    op.create_index("uq_image_item_id_role_side_file_id", "image", ["item_id", "role", "side_file_id"], unique=True)
    op.execute("UPDATE folder SET signature = NULL WHERE signature IS NOT NULL")


def downgrade() -> None:
    """Drop them, in reverse."""
    op.drop_table("image")
    op.drop_table("certification")
    op.drop_table("rating")
    op.drop_table("collection_item")
    op.drop_table("collection")
    op.drop_table("item_label")
    op.drop_table("label")
    op.drop_table("credit")
    op.drop_table("person")
    op.drop_table("item_detail")
    op.drop_table("item_text")
    op.drop_table("side_reading")
    op.drop_table("side_file")
