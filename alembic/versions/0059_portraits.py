"""Pictures of people, and the pictures that stand for libraries."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision: str | None = "0058"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KNOWN = """
    INSERT INTO image (id, person_id, role, source, url)
    SELECT gen_random_uuid(), id, 'poster', 'remote', thumb_url FROM person WHERE thumb_url IS NOT NULL
"""


def upgrade() -> None:
    """Let pictures be of people, beginning with the addresses that are known."""
    op.add_column("image", sa.Column("person_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_image_person_id_person"), "image", "person", ["person_id"], ["id"], ondelete="CASCADE"
    )
    op.create_index("uq_image_person_id", "image", ["person_id"], unique=True)
    op.drop_constraint(op.f("ck_image_owner"), "image", type_="check")
    op.create_check_constraint(op.f("ck_image_owner"), "image", "num_nonnulls(item_id, file_id, person_id) = 1")
    op.execute(KNOWN)
    op.create_table(
        "library_picture",
        sa.Column("library_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["library_id"], ["library.id"], name=op.f("fk_library_picture_library_id_library"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_library_picture_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("library_id", name=op.f("pk_library_picture")),
    )
    op.create_index("ix_library_picture_item_id", "library_picture", ["item_id"])


def downgrade() -> None:
    """Forget them."""
    op.drop_table("library_picture")
    op.execute("DELETE FROM image WHERE person_id IS NOT NULL")
    op.drop_constraint(op.f("ck_image_owner"), "image", type_="check")
    op.create_check_constraint(op.f("ck_image_owner"), "image", "num_nonnulls(item_id, file_id) = 1")
    op.drop_column("image", "person_id")
