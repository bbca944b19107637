"""Ages: from which one an item is, up to which one an account may see, and indexes that hold lists to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from app.library.ages import minimum_age

revision = "0045"
down_revision: str | None = "0044"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AGE = sa.literal_column("coalesce(min_age, '-1'::integer)")

SAID = "SELECT DISTINCT country, value FROM certification"
KEEP = "UPDATE certification SET age = :age WHERE country = :country AND value = :value"

OWN = """(
    SELECT max(said.age) FROM certification said WHERE said.item_id = {0}.id AND said.age IS NOT NULL
    GROUP BY said.source ORDER BY array_position('{{user,nfo,tags,metadata,name}}'::text[], said.source) LIMIT 1
)"""
FILL = f"""
    UPDATE item SET min_age = aged.age
    FROM (
        SELECT item.id, greatest({OWN.format("item")}, {OWN.format("parent")}, {OWN.format("above")}) AS age
        FROM item LEFT JOIN item parent ON parent.id = item.parent_id
        LEFT JOIN item above ON above.id = parent.parent_id
    ) AS aged
    WHERE item.id = aged.id AND aged.age IS NOT NULL
"""  # noqa: S608  ours


def upgrade() -> None:
    """Add the columns, fill them from what certifications say, then index them."""
    op.add_column("account", sa.Column("max_age", sa.Integer(), nullable=True))
    op.add_column("account", sa.Column("allow_unrated", sa.Boolean(), server_default="false", nullable=False))
    op.create_check_constraint(op.f("ck_account_max_age"), "account", "max_age BETWEEN 0 AND 21")
    op.add_column("event", sa.Column("min_age", sa.Integer(), nullable=True))
    op.add_column("certification", sa.Column("age", sa.Integer(), nullable=True))
    op.add_column("item", sa.Column("min_age", sa.Integer(), nullable=True))
    connection = op.get_bind()
    for country, value in connection.execute(sa.text(SAID)).all():
        age = minimum_age(country, value)
        if age is not None:
            connection.execute(sa.text(KEEP), {"age": age, "country": country, "value": value})
    connection.execute(sa.text(FILL))
    op.create_index("ix_item_age_sort_title", "item", ["library_id", "kind", AGE, "sort_title", "id"])
    op.create_index("ix_item_age_id", "item", ["library_id", "kind", AGE, "id"])
    year = sa.literal_column("coalesce(year, 0)")
    op.create_index("ix_item_age_year", "item", ["library_id", "kind", AGE, year, "sort_title", "id"])


def downgrade() -> None:
    """Drop them."""
    for name in ("ix_item_age_year", "ix_item_age_id", "ix_item_age_sort_title"):
        op.drop_index(name, table_name="item")
    op.drop_column("item", "min_age")
    op.drop_column("certification", "age")
    op.drop_column("event", "min_age")
    op.drop_constraint(op.f("ck_account_max_age"), "account", type_="check")
    op.drop_column("account", "allow_unrated")
    op.drop_column("account", "max_age")
