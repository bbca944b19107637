"""Listings by what their viewer has seen: indexes, and series and albums played when something below them was."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision: str | None = "0055"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "watch_state"

PLAYED_ABOVE = """
    INSERT INTO watch_state AS known (account_id, item_id, last_played_at)
    SELECT state.account_id, above.id, max(state.last_played_at)
    FROM watch_state state
    JOIN item ON item.id = state.item_id
    LEFT JOIN item parent ON parent.id = item.parent_id
    CROSS JOIN LATERAL unnest(ARRAY[item.parent_id, parent.parent_id]) AS above(id)
    WHERE state.last_played_at IS NOT NULL AND above.id IS NOT NULL
    GROUP BY state.account_id, above.id
    ON CONFLICT (viewer_id, item_id) DO UPDATE
    SET last_played_at = greatest(known.last_played_at, excluded.last_played_at)
"""


def upgrade() -> None:
    """Create the indexes; note of what is above when it was played last."""
    op.create_index(
        "ix_watch_state_played",
        TABLE,
        ["viewer_id", "last_played_at", "item_id"],
        postgresql_where=sa.text("last_played_at IS NOT NULL"),
    )
    op.create_index("ix_watch_state_watched", TABLE, ["viewer_id", "item_id"], postgresql_where=sa.text("watched"))
    op.create_index("ix_watch_state_favorite", TABLE, ["viewer_id", "item_id"], postgresql_where=sa.text("favorite"))
    op.execute(PLAYED_ABOVE)


def downgrade() -> None:
    """Drop the indexes. The times stay: they say nothing wrong."""
    for name in ("favorite", "watched", "played"):
        op.drop_index(f"ix_watch_state_{name}", TABLE)
