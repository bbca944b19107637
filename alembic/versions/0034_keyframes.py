"""Where decoding can begin, and what else players must know of a stream."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision: str | None = "0040"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Create the table of keyframes, and the columns for a codec's name in the container and for rotation."""
    op.create_table(
        "keyframes",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("stream_index", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("times", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_keyframes_file_id_file"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_keyframes")),
    )
    op.add_column("stream", sa.Column("codec_tag", sa.Text(), nullable=True))
    op.add_column("stream", sa.Column("rotation", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("stream", "rotation")
    op.drop_column("stream", "codec_tag")
    op.drop_table("keyframes")
