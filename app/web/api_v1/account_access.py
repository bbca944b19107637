"""What opens somebody's account, seen and ended by administrators: devices, API keys."""

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.api_keys import ApiKeyService
from app.accounts.logins import LoginService
from app.accounts.roles import Role
from app.accounts.service import AccountService
from app.db.tx import Transactions
from app.errors import Refused
from app.web.answers import JsonResponse, documented
from app.web.api_v1.account_view import ApiKey, ApiKeys, Login, Logins, NewApiKey
from app.web.api_v1.accounts import AccountId
from app.web.api_v1.logins import NO_STORE, ApiKeyId, ApiKeyRequest, LoginId
from app.web.auth import Administrator, CurrentActor

router = APIRouter(
    prefix="/api/v1/accounts/{account_id}", tags=["accounts"], route_class=DishkaRoute, default_response_class=Response
)


@router.get("/logins", responses=documented(Logins))
async def list_logins_of_account(
    account_id: AccountId,
    viewer: Administrator,
    service: FromDishka[AccountService],
    logins: FromDishka[LoginService],
    transactions: FromDishka[Transactions],
) -> Response:
    """List the devices that are logged in as somebody, the one last seen first."""
    async with transactions.begin() as tx:
        await service.get(tx, account_id)
        found = await logins.list_of(tx, account_id)
    return JsonResponse(Logins([Login.of(one, viewer.login_id) for one in found]))


@router.delete("/logins/{login_id}", status_code=204, responses=documented(None, 204, description="Logged out"))
async def log_out_account(
    account_id: AccountId,
    login_id: LoginId,
    _viewer: Administrator,
    actor: CurrentActor,
    logins: FromDishka[LoginService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Log out one of somebody's devices. Its tokens are worth nothing at once."""
    async with transactions.begin() as tx:
        await logins.revoke(tx, actor, account_id, login_id)
    return Response(status_code=204)


@router.get("/api-keys", responses=documented(ApiKeys))
async def list_api_keys_of_account(
    account_id: AccountId,
    _viewer: Administrator,
    service: FromDishka[AccountService],
    keys: FromDishka[ApiKeyService],
    transactions: FromDishka[Transactions],
) -> Response:
    """List somebody's API keys."""
    async with transactions.begin() as tx:
        await service.get(tx, account_id)
        found = await keys.list_of(tx, account_id)
    return JsonResponse(ApiKeys([ApiKey.of(one) for one in found]))


@router.post("/api-keys", status_code=201, responses=documented(NewApiKey, 201, description="Made; shown this once"))
async def create_api_key_of_account(  # noqa: PLR0917  the framework passes them by name
    account_id: AccountId,
    asked: ApiKeyRequest,
    _viewer: Administrator,
    actor: CurrentActor,
    service: FromDishka[AccountService],
    keys: FromDishka[ApiKeyService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Make an API key that speaks for somebody. It can do what its scopes say, and never more than their account."""
    async with transactions.begin() as tx:
        account = await service.get(tx, account_id)
        if account.role is Role.GUEST:
            raise Refused("guests have no API keys")
        made, token = await keys.create(
            tx, actor, account_id, name=asked.name, scopes=asked.scopes, expires_at=asked.expires_at
        )
    return JsonResponse(NewApiKey(ApiKey.of(made), token), 201, NO_STORE)


@router.delete("/api-keys/{key_id}", status_code=204, responses=documented(None, 204, description="Ended"))
async def delete_api_key_of_account(
    account_id: AccountId,
    key_id: ApiKeyId,
    _viewer: Administrator,
    actor: CurrentActor,
    keys: FromDishka[ApiKeyService],
    transactions: FromDishka[Transactions],
) -> Response:
    """End one of somebody's API keys, at once."""
    async with transactions.begin() as tx:
        await keys.delete(tx, actor, account_id, key_id)
    return Response(status_code=204)
