"""`revenge audit`: what was done, by whom, from where."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from cyclopts import Parameter

from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from app.web.api_v1.account_view import AuditEntry


async def audit(
    *,
    limit: Annotated[int, Parameter(help="How many at most, 1 to 500; 50 unless told otherwise.")] = 50,
    cursor: Annotated[UUID | None, Parameter(help="Where the last listing ended.")] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """List what was done to accounts, logins, keys, libraries, items and jobs, the newest first."""
    from app.cli.output import print_answer, print_note, print_table
    from app.web.api_v1.account_view import AuditPage

    async with session.api() as api:
        answer = await api.get("/audit", AuditPage, limit=limit, cursor=cursor)
    if json:
        print_answer(answer.content)
        return
    print_table(("WHEN", "WHO", "FROM", "DID", "TO", "DETAILS"), map(_row, answer.value.events))
    if answer.value.next_cursor is not None:
        print_note(f"there may be more: --cursor {answer.value.next_cursor}")


def _row(event: "AuditEntry") -> tuple[object, ...]:
    details = ", ".join(f"{name} {_told(value)}" for name, value in event.details.items() if value is not None)
    return (event.at, event.actor, event.address, event.action, event.subject, details)


def _told(value: Any) -> str:
    return (" ".join(map(str, value)) or "none") if isinstance(value, list) else str(value)
