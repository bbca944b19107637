"""The book of what was done to accounts, logins, keys and settings: written in the transaction that does it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from app.accounts.models import AuditEvent
from app.accounts.viewer import Viewer
from app.db.tx import Tx
from app.ids import uuid7


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does it, and from where."""

    viewer: Viewer
    address: str | None = None
    """None: the command line."""


async def record(tx: Tx, actor: Actor, action: str, subject: str | None = None, **details: Any) -> None:
    """Write one line. Details hold no secret: they are shown to every administrator."""
    tx.session.add(
        AuditEvent(
            id=uuid7(),
            actor_id=actor.viewer.account_id,
            actor=actor.viewer.name,
            action=action,
            subject=subject,
            address=actor.address,
            details={name: _storable(value) for name, value in details.items()},
        )
    )
    await tx.session.flush()


def _storable(value: Any) -> Any:
    """Write out what PostgreSQL's JSON cannot hold: a path of the disk may be no UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return [_storable(one) for one in value] if isinstance(value, list | tuple) else value


async def events(tx: Tx, *, before: UUID | None, limit: int) -> list[AuditEvent]:
    """Return the newest lines, those before a given one."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return list(await tx.session.scalars(query))


async def forget(tx: Tx, older_than: datetime) -> int:
    """Delete lines that nobody has to keep any more; return how many."""
    gone = await tx.session.scalars(delete(AuditEvent).where(AuditEvent.at < older_than).returning(AuditEvent.id))
    return len(gone.all())
