"""Scans of folders somebody asked for, roots that only some nodes see, and how roots are watched."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision: str | None = "0033"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Requests belong to roots, which may have a queue each; moves are found by size, folders by where they lie."""
    op.add_column(
        "library_root", sa.Column("has_own_queue", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("library_root", sa.Column("scan_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("library_root", sa.Column("full_scan_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE library_root SET full_scan_requested_at = library.full_scan_requested_at"
        " FROM library WHERE library.id = library_root.library_id AND library.full_scan_requested_at IS NOT NULL"
    )
    op.drop_column("library", "full_scan_requested_at")
    op.create_table(
        "scan_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("is_deep", sa.Boolean(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["root_id"], ["library_root.id"], name=op.f("fk_scan_request_root_id_library_root"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_request")),
    )
    op.create_index(
        "uq_scan_request_root_id_path_sha256",
        "scan_request",
        ["root_id", sa.literal_column("sha256(path)"), "is_deep"],
        unique=True,
    )
    op.create_table(
        "root_watch",
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("mode IN ('events', 'polling')", name=op.f("ck_root_watch_mode")),
        sa.ForeignKeyConstraint(
            ["root_id"], ["library_root.id"], name=op.f("fk_root_watch_root_id_library_root"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("root_id", "node", name=op.f("pk_root_watch")),
    )
    op.create_index("ix_file_size_inode", "file", ["size", "inode"], unique=False)
    op.create_index(
        "ix_file_size_partial_hash",
        "file",
        ["size", "partial_hash"],
        unique=False,
        postgresql_where=sa.text("partial_hash IS NOT NULL"),
    )
    op.add_column("folder", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.execute(
        r"""
        UPDATE folder SET parent_id = parent.id FROM folder parent
        WHERE folder.path <> ''::bytea AND parent.root_id = folder.root_id AND sha256(parent.path) =
            sha256(decode(regexp_replace(encode(folder.path, 'hex'), '(2f)?((?!2f)[0-9a-f]{2})*$', ''), 'hex'))
        """
    )
    op.create_index("ix_folder_parent_id", "folder", ["parent_id"], unique=False)


def downgrade() -> None:
    """Take them back; requests that stand are forgotten, and the next whole scan sees what they were about."""
    op.drop_index("ix_folder_parent_id", table_name="folder")
    op.drop_column("folder", "parent_id")
    op.drop_index("ix_file_size_partial_hash", table_name="file", postgresql_where=sa.text("partial_hash IS NOT NULL"))
    op.drop_index("ix_file_size_inode", table_name="file")
    op.drop_table("root_watch")
    op.drop_table("scan_request")
    op.add_column("library", sa.Column("full_scan_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_column("library_root", "full_scan_requested_at")
    op.drop_column("library_root", "scan_requested_at")
    op.drop_column("library_root", "has_own_queue")
