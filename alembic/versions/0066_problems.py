"""The files that could not be read are found without reading all of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision: str | None = "0065"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLES = ("file", "side_file")


def upgrade() -> None:
    """Make an index of the few."""
    for table in TABLES:
        op.create_index(f"ix_{table}_problem", table, ["id"], postgresql_where=sa.text("problem IS NOT NULL"))


def downgrade() -> None:
    """Drop it."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_problem", table)
