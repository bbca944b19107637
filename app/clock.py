"""The client's clock: what this process thinks the time is.

The database's own clock decides when a job may be fetched or a lease has run out; this one stamps what
River stamps by the client's clock (contract, "Conventions"). Tests pass a stub.
"""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the current time, aware and in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
