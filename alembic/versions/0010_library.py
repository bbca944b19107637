"""The library: roots, folders, files, streams, chapters, items and what joins them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the tables of the library."""
    op.create_table(
        "library",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("full_scan_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('movies', 'tvshows', 'music')", name=op.f("ck_library_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library")),
    )
    op.create_index("uq_library_lower_name", "library", [sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("library_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sort_title", sa.Text(collation="C"), nullable=False),
        sa.Column("original_title", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("number_end", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), server_default="present", nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("title_source", sa.Text(), server_default="name", nullable=False),
        sa.Column("locked", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.CheckConstraint(
            "kind IN ('movie', 'series', 'season', 'episode', 'artist', 'album', 'track')", name=op.f("ck_item_kind")
        ),
        sa.CheckConstraint("state IN ('present', 'missing')", name=op.f("ck_item_state")),
        sa.CheckConstraint("title_source IN ('name', 'user', 'metadata')", name=op.f("ck_item_title_source")),
        sa.ForeignKeyConstraint(
            ["library_id"], ["library.id"], name=op.f("fk_item_library_id_library"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["item.id"], name=op.f("fk_item_parent_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
    )
    op.create_index(
        "ix_item_library_id_kind_sort_title_id", "item", ["library_id", "kind", "sort_title", "id"], unique=False
    )
    op.create_index("ix_item_parent_id_number", "item", ["parent_id", "number"], unique=False)
    op.create_index("ix_item_sort_title_id", "item", ["sort_title", "id"], unique=False)
    op.create_table(
        "library_root",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("library_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("real_path", sa.LargeBinary(), nullable=False),
        sa.Column("display_path", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("loss_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["library_id"], ["library.id"], name=op.f("fk_library_root_library_id_library"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_root")),
    )
    op.create_index("ix_library_root_library_id", "library_root", ["library_id"], unique=False)
    op.create_index(
        "uq_library_root_path_sha256",
        "library_root",
        [sa.literal_column("sha256(path)")],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "external_id",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint("source IN ('name', 'user', 'metadata')", name=op.f("ck_external_id_source")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_external_id_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "provider", name=op.f("pk_external_id")),
    )
    op.create_index("ix_external_id_provider_value", "external_id", ["provider", "value"], unique=False)
    op.create_table(
        "folder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("anchor_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["anchor_id"], ["folder.id"], name=op.f("fk_folder_anchor_id_folder"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["root_id"], ["library_root.id"], name=op.f("fk_folder_root_id_library_root"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder")),
    )
    op.create_index("ix_folder_anchor_id", "folder", ["anchor_id"], unique=False)
    op.create_index(
        "uq_folder_root_id_path_sha256", "folder", ["root_id", sa.literal_column("sha256(path)")], unique=True
    )
    op.create_table(
        "file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("display_path", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("partial_hash", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default="present", nullable=False),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("probed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probed_size", sa.BigInteger(), nullable=True),
        sa.Column("probed_mtime_ns", sa.BigInteger(), nullable=True),
        sa.Column("prober_version", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("problem_detail", sa.Text(), nullable=True),
        sa.Column("container", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("bit_rate", sa.BigInteger(), nullable=True),
        sa.Column("tags", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("pictures", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("kind IN ('video', 'audio')", name=op.f("ck_file_kind")),
        sa.CheckConstraint("state IN ('present', 'missing', 'purged')", name=op.f("ck_file_state")),
        sa.ForeignKeyConstraint(
            ["folder_id"], ["folder.id"], name=op.f("fk_file_folder_id_folder"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["root_id"], ["library_root.id"], name=op.f("fk_file_root_id_library_root"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sa.UniqueConstraint("folder_id", "name", name=op.f("uq_file_folder_id_name")),
    )
    op.create_index("ix_file_root_id_state", "file", ["root_id", "state"], unique=False)
    op.create_table(
        "chapter",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_chapter_file_id_file"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("file_id", "index", name=op.f("pk_chapter")),
    )
    op.create_table(
        "item_file",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), server_default="main", nullable=False),
        sa.Column("extra_kind", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("edition", sa.Text(), nullable=True),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("role IN ('main', 'extra', 'disc')", name=op.f("ck_item_file_role")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_item_file_file_id_file"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_file_item_id_item"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "file_id", name=op.f("pk_item_file")),
    )
    op.create_index("ix_item_file_file_id", "item_file", ["file_id"], unique=False)
    op.create_table(
        "stream",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("codec", sa.Text(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("dispositions", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("bit_rate", sa.BigInteger(), nullable=True),
        sa.Column("start_ms", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("pixel_format", sa.Text(), nullable=True),
        sa.Column("bit_depth", sa.SmallInteger(), nullable=True),
        sa.Column("frame_rate", sa.Double(), nullable=True),
        sa.Column("sample_aspect_ratio", sa.Text(), nullable=True),
        sa.Column("field_order", sa.Text(), nullable=True),
        sa.Column("color_range", sa.Text(), nullable=True),
        sa.Column("color_primaries", sa.Text(), nullable=True),
        sa.Column("color_transfer", sa.Text(), nullable=True),
        sa.Column("color_space", sa.Text(), nullable=True),
        sa.Column("hdr", sa.Text(), nullable=True),
        sa.Column("hdr_metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("channel_layout", sa.Text(), nullable=True),
        sa.Column("sample_rate", sa.Integer(), nullable=True),
        sa.Column("tags", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_stream_file_id_file"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("file_id", "index", name=op.f("pk_stream")),
    )


def downgrade() -> None:
    """Drop them, in reverse."""
    op.drop_table("stream")
    op.drop_table("item_file")
    op.drop_table("chapter")
    op.drop_table("file")
    op.drop_table("folder")
    op.drop_table("external_id")
    op.drop_table("library_root")
    op.drop_table("item")
    op.drop_table("library")
