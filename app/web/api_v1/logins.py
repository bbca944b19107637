"""Getting in, and what is one's own: devices, keys, the password."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Path
from starlette.responses import Response

from app.accounts.api_keys import ApiKeyService
from app.accounts.errors import WrongCredentials
from app.accounts.limits import AttemptLimiter, limits_of
from app.accounts.logins import LoginService
from app.accounts.password_login import PasswordLogin
from app.accounts.passwords import Passwords
from app.accounts.proof import Method, Proven
from app.accounts.roles import Scope
from app.accounts.service import AccountService
from app.db.tx import Transactions
from app.errors import Refused
from app.web.answers import JsonResponse, documented
from app.web.api_v1.account_view import Account, ApiKey, ApiKeys, Login, Logins, LoginTokens, Me, NewApiKey
from app.web.api_v1.parameters import Moment, Name, NewPassword, Password, Strict, Text, described
from app.web.auth import ClientAddress, CurrentActor, CurrentViewer, NoAccount, Oneself

router = APIRouter(prefix="/api/v1", tags=["accounts"], route_class=DishkaRoute, default_response_class=Response)

LoginId = Annotated[UUID, Path()]
ApiKeyId = Annotated[UUID, Path()]
NO_STORE = {"Cache-Control": "no-store"}
"""Answers that hold a token."""


class FirstAccount(Strict):
    code: Text
    """From the link that the server printed."""
    name: Name
    password: NewPassword
    device: Text = ""


class LoginRequest(Strict):
    name: Text
    password: Password
    device: Text = ""
    """What to call this device in the list of logins."""


class RefreshRequest(Strict):
    refresh_token: Text


class OwnPassword(Strict):
    old: Password
    new: NewPassword


class ApiKeyRequest(Strict):
    name: Name
    scopes: Annotated[list[Scope], described(minItems=1)]
    expires_at: Moment | None = None


# -- public


@router.post("/setup", status_code=201, responses=documented(LoginTokens, 201, description="Made, and logged in"))
async def create_first_account(  # noqa: PLR0917  the framework passes them by name
    asked: FirstAccount,
    address: ClientAddress,
    limiter: FromDishka[AttemptLimiter],
    passwords: FromDishka[Passwords],
    service: FromDishka[AccountService],
    logins: FromDishka[LoginService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Make the first administrator, with the code that the server printed when it started. Public."""
    limits = limits_of("setup", address)
    await limiter.count(limits)
    password = await passwords.hash(asked.password)
    async with transactions.begin() as tx:
        made = await service.create_first(tx, asked.code, name=asked.name, password=password, address=address)
        tokens = await logins.begin(tx, Proven(made.id, Method.FIRST_LINK), device=asked.device, address=address)
    await limiter.forgive(limits)
    return JsonResponse(LoginTokens.of(tokens), 201, NO_STORE)


@router.post("/logins", status_code=201, responses=documented(LoginTokens, 201, description="Logged in"))
async def log_in(asked: LoginRequest, address: ClientAddress, login: FromDishka[PasswordLogin]) -> Response:
    """Log in with a name and a password. Public; who guesses is made to wait."""
    tokens = await login.log_in(name=asked.name, password=asked.password, device=asked.device, address=address)
    return JsonResponse(LoginTokens.of(tokens), 201, NO_STORE)


@router.post("/logins/refresh", responses=documented(LoginTokens, description="A new pair"))
async def refresh_login(asked: RefreshRequest, address: ClientAddress, logins: FromDishka[LoginService]) -> Response:
    """Exchange a refresh token for a new pair of tokens. Public; a refresh token works once."""
    return JsonResponse(LoginTokens.of(await logins.refresh(asked.refresh_token, address=address)), 200, NO_STORE)


# -- oneself


@router.get("/me", responses=documented(Me))
async def show_me(
    viewer: CurrentViewer, service: FromDishka[AccountService], transactions: FromDishka[Transactions]
) -> Response:
    """Tell who asks."""
    account = None
    if viewer.account_id is not None:
        async with transactions.begin() as tx:
            account = Account.of(await service.get(tx, viewer.account_id))
    scopes = None if viewer.scopes is None else sorted(viewer.scopes)
    return JsonResponse(
        Me(name=viewer.name, is_administrator=viewer.is_administrator, account=account, scopes=scopes), 200, NO_STORE
    )


@router.put("/me/password", status_code=204, responses=documented(None, 204, description="Changed"))
async def change_own_password(  # noqa: PLR0917  the framework passes them by name
    asked: OwnPassword,
    viewer: Oneself,
    actor: CurrentActor,
    limiter: FromDishka[AttemptLimiter],
    passwords: FromDishka[Passwords],
    service: FromDishka[AccountService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Change one's own password. All other logins of the account end."""
    if viewer.account_id is None or not viewer.may_change_account:
        raise Refused("guests have their password set by an administrator")
    limits = limits_of(viewer.name, actor.address or "")
    await limiter.count(limits)  # whoever found a telly that is logged in might guess here
    async with transactions.begin() as tx:
        stored = await service.stored_password(tx, viewer.account_id)
    right, _ = await passwords.verify(asked.old, stored)
    if not right:
        raise WrongCredentials
    new = await passwords.hash(asked.new)
    async with transactions.begin() as tx:
        await service.set_password(tx, actor, viewer.account_id, new)
    await limiter.forgive(limits)
    return Response(status_code=204)


@router.get("/logins", responses=documented(Logins))
async def list_logins(
    viewer: Oneself, logins: FromDishka[LoginService], transactions: FromDishka[Transactions]
) -> Response:
    """List the devices that are logged in as oneself, the one last seen first."""
    account_id = _own(viewer.account_id)
    async with transactions.begin() as tx:
        found = await logins.list_of(tx, account_id)
    return JsonResponse(Logins([Login.of(one, viewer.login_id) for one in found]))


@router.delete("/logins/{login_id}", status_code=204, responses=documented(None, 204, description="Logged out"))
async def log_out(
    login_id: LoginId,
    viewer: Oneself,
    actor: CurrentActor,
    logins: FromDishka[LoginService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Log out one of one's own devices, or this one. Its tokens are worth nothing at once."""
    async with transactions.begin() as tx:
        await logins.revoke(tx, actor, _own(viewer.account_id), login_id)
    return Response(status_code=204)


@router.get("/api-keys", responses=documented(ApiKeys))
async def list_api_keys(
    viewer: Oneself, keys: FromDishka[ApiKeyService], transactions: FromDishka[Transactions]
) -> Response:
    """List one's own API keys."""
    async with transactions.begin() as tx:
        found = await keys.list_of(tx, _own(viewer.account_id))
    return JsonResponse(ApiKeys([ApiKey.of(one) for one in found]))


@router.post("/api-keys", status_code=201, responses=documented(NewApiKey, 201, description="Made; shown this once"))
async def create_api_key(
    asked: ApiKeyRequest,
    viewer: Oneself,
    actor: CurrentActor,
    keys: FromDishka[ApiKeyService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Make an API key for a program. It can do what its scopes say, and never more than its account."""
    if not viewer.may_change_account:
        raise Refused("guests have no API keys")
    async with transactions.begin() as tx:
        made, token = await keys.create(
            tx, actor, _own(viewer.account_id), name=asked.name, scopes=asked.scopes, expires_at=asked.expires_at
        )
    return JsonResponse(NewApiKey(ApiKey.of(made), token), 201, NO_STORE)


@router.delete("/api-keys/{key_id}", status_code=204, responses=documented(None, 204, description="Ended"))
async def delete_api_key(
    key_id: ApiKeyId,
    viewer: Oneself,
    actor: CurrentActor,
    keys: FromDishka[ApiKeyService],
    transactions: FromDishka[Transactions],
) -> Response:
    """End one of one's own API keys, at once."""
    async with transactions.begin() as tx:
        await keys.delete(tx, actor, _own(viewer.account_id), key_id)
    return Response(status_code=204)


def _own(account_id: UUID | None) -> UUID:
    if account_id is None:
        raise NoAccount
    return account_id
