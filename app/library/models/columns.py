"""What the columns of several tables share."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, DateTime, Text

Timestamp = DateTime(timezone=True)
SortText = Text(collation="C")
"""Sort keys compare by bytes: the same order on every server, whatever locale it was made with."""


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
