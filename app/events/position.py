"""How far somebody has listened: what `Last-Event-ID` carries.

Two places in one: the last event of the libraries that was told, as (transaction, number), and the time up to which
ended jobs were told. Both only grow.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(r"([0-9]{1,19})-([0-9]{1,18})-([0-9]{1,17})")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    transaction: int
    number: int
    jobs_until: datetime

    def covers(self, other: "Position") -> bool:
        """Whether whoever stands here has been told all that one who stands there has."""
        here, there = (self.transaction, self.number), (other.transaction, other.number)
        return here >= there and self.jobs_until >= other.jobs_until

    def __str__(self) -> str:
        return f"{self.transaction}-{self.number}-{(self.jobs_until - EPOCH) // timedelta(microseconds=1)}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Return None for what is no position of ours: such a listener begins anew."""
        match = _TEXT.fullmatch(text)
        if match is None:
            return None
        transaction, number, microseconds = map(int, match.groups())
        try:
            return cls(transaction, number, EPOCH + timedelta(microseconds=microseconds))
        except OverflowError:
            return None
