"""A purged file is no row: nothing ever had the state of that name."""

from collections.abc import Sequence

from alembic import op

revision = "0047"
down_revision: str | None = "0046"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Allow the states that there are."""
    _allow("'present', 'missing'")


def downgrade() -> None:
    """Allow the third again."""
    _allow("'present', 'missing', 'purged'")


def _allow(states: str) -> None:
    op.drop_constraint(op.f("ck_file_state"), "file", type_="check")
    op.create_check_constraint(op.f("ck_file_state"), "file", f"state IN ({states})")
