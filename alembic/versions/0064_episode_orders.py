"""How the episodes of series are counted, for a library and for one of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision: str | None = "0063"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ORDERS = (
    "episode_order IN ('aired', 'original', 'absolute', 'dvd', 'digital', 'story_arc', 'production', 'tv', "
    "'alternate', 'regional')"
)


def upgrade() -> None:
    """Let libraries and series say it. Nothing said is as it was."""
    op.add_column("metadata_library", sa.Column("episode_order", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_metadata_library_episode_order"), "metadata_library", ORDERS)
    op.create_table(
        "metadata_order",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("episode_order", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_metadata_order_item_id_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_metadata_order")),
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_table("metadata_order")
    op.drop_constraint(op.f("ck_metadata_library_episode_order"), "metadata_library", type_="check")
    op.drop_column("metadata_library", "episode_order")
