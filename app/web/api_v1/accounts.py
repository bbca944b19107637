"""Everybody's accounts, and the book of what was done to them: for administrators."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Path, Query
from pydantic import Field, StrictBool
from starlette.responses import Response

from app.accounts import audit
from app.accounts.passwords import Passwords
from app.accounts.roles import Role
from app.accounts.service import OLDEST, AccountChange, AccountService
from app.db.tx import Transactions
from app.web.answers import JsonResponse, documented
from app.web.api_v1.account_view import Account, Accounts, AuditEntry, AuditPage
from app.web.api_v1.parameters import A_NUMBER, IfMatch, Name, NewPassword, Strict
from app.web.auth import Administrator, CurrentActor
from app.web.conditions import version_of, versioned

router = APIRouter(prefix="/api/v1", tags=["accounts"], route_class=DishkaRoute, default_response_class=Response)

Age = Annotated[int, Field(ge=0, le=OLDEST), A_NUMBER]
AccountId = Annotated[UUID, Path()]


class AccountRequest(Strict):
    name: Name
    password: NewPassword | None = None
    """Without one nobody can log in, until an administrator sets one."""
    role: Role = Role.MEMBER
    libraries: list[UUID] | None = None
    """What may be seen; null for all of them."""
    max_age: Age | None = None
    """What is from a higher age on does not exist for them; null for no limit."""
    allow_unrated: StrictBool = False
    """With a limit: what nobody says an age of is shown all the same."""


class AccountPatch(Strict):
    """What is left out stays as it is."""

    name: Name | None = None
    role: Role | None = None
    all_libraries: StrictBool | None = None
    libraries: list[UUID] | None = None
    max_age: Age | None = None
    """null takes the limit away."""
    allow_unrated: StrictBool | None = None
    disabled: StrictBool | None = None

    def change(self) -> AccountChange:
        return AccountChange(**self.model_dump(exclude_unset=True))


class PasswordRequest(Strict):
    new: NewPassword


class AuditListing(Strict):
    cursor: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


@router.get("/accounts", responses=documented(Accounts))
async def list_accounts(
    _viewer: Administrator, service: FromDishka[AccountService], transactions: FromDishka[Transactions]
) -> Response:
    """List the accounts by name."""
    async with transactions.begin() as tx:
        return JsonResponse(Accounts([Account.of(one) for one in await service.list_all(tx)]))


@router.post("/accounts", status_code=201, responses=documented(Account, 201, description="Made"))
async def create_account(
    asked: AccountRequest,
    _viewer: Administrator,
    actor: CurrentActor,
    passwords: FromDishka[Passwords],
    service: FromDishka[AccountService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Make an account. On a machine without any, the first has to be an administrator's."""
    password = None if asked.password is None else await passwords.hash(asked.password)
    async with transactions.begin() as tx:
        made = await service.create(
            tx,
            actor,
            name=asked.name,
            password=password,
            role=asked.role,
            libraries=asked.libraries,
            max_age=asked.max_age,
            allow_unrated=asked.allow_unrated,
        )
    return JsonResponse(Account.of(made), 201, {"Location": f"/api/v1/accounts/{made.id}", **versioned(made.version)})


@router.get("/accounts/{account_id}", responses=documented(Account))
async def get_account(
    account_id: AccountId,
    _viewer: Administrator,
    service: FromDishka[AccountService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Show one account. Its ETag is what `If-Match` takes when it is changed."""
    async with transactions.begin() as tx:
        found = await service.get(tx, account_id)
    return JsonResponse(Account.of(found), 200, versioned(found.version))


@router.patch("/accounts/{account_id}", responses=documented(Account))
async def change_account(  # noqa: PLR0917  the framework passes them by name
    account_id: AccountId,
    asked: AccountPatch,
    _viewer: Administrator,
    actor: CurrentActor,
    service: FromDishka[AccountService],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Change an account. With `If-Match`, only if nobody has changed it since."""
    async with transactions.begin() as tx:
        changed = await service.change(tx, actor, account_id, asked.change(), version=version_of(if_match))
    return JsonResponse(Account.of(changed), 200, versioned(changed.version))


@router.put("/accounts/{account_id}/password", status_code=204, responses=documented(None, 204, description="Set"))
async def set_password(  # noqa: PLR0917  the framework passes them by name
    account_id: AccountId,
    asked: PasswordRequest,
    _viewer: Administrator,
    actor: CurrentActor,
    passwords: FromDishka[Passwords],
    service: FromDishka[AccountService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Set somebody's password. All their logins end."""
    password = await passwords.hash(asked.new)
    async with transactions.begin() as tx:
        await service.set_password(tx, actor, account_id, password)
    return Response(status_code=204)


@router.delete("/accounts/{account_id}", status_code=204, responses=documented(None, 204, description="Gone"))
async def delete_account(
    account_id: AccountId,
    _viewer: Administrator,
    actor: CurrentActor,
    service: FromDishka[AccountService],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Delete an account and all that is its own. The last administrator stays."""
    async with transactions.begin() as tx:
        await service.delete(tx, actor, account_id, version=version_of(if_match))
    return Response(status_code=204)


@router.get("/audit", responses=documented(AuditPage))
async def list_audit_events(
    asked: Annotated[AuditListing, Query()], _viewer: Administrator, transactions: FromDishka[Transactions]
) -> Response:
    """List what was done to accounts, logins and keys, the newest first."""
    async with transactions.begin() as tx:
        found = await audit.events(tx, before=asked.cursor, limit=asked.limit)
    shown = [
        AuditEntry(
            id=event.id,
            at=event.at,
            actor=event.actor,
            actor_id=event.actor_id,
            action=event.action,
            subject=event.subject,
            address=event.address,
            details=event.details,
        )
        for event in found
    ]
    return JsonResponse(AuditPage(shown, shown[-1].id if len(shown) == asked.limit else None))
