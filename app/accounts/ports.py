"""What accounts announce, and never who listens."""

from typing import Protocol
from uuid import UUID

from app.db.tx import Tx


class AccountListener(Protocol):
    """Called inside the transaction that makes the change: write rows, do no I/O. Raising undoes both."""

    async def first_account_made(self, tx: Tx, account_id: UUID) -> None:
        """Called once for an installation, when there was nobody but the local administrator until now."""
        ...
