"""The keys that seal secrets at rest, for administrators: listed, gone over to a new one, forgotten when lost.

No route tells a key, nor what it sealed.
"""

import asyncio

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.audit import record
from app.db.tx import Transactions
from app.vault.rotation import Rotation
from app.vault.vault import Vault
from app.web.answers import JsonResponse, documented
from app.web.api_v1.secret_view import PreparedKey, Rotated, SealingKey, SealingKeys, SecretsForgotten
from app.web.auth import Administrator, CurrentActor

router = APIRouter(prefix="/api/v1/secrets", tags=["secrets"], route_class=DishkaRoute, default_response_class=Response)


@router.get("/keys", responses=documented(SealingKeys))
async def list_secrets_keys(_viewer: Administrator, rotation: FromDishka[Rotation]) -> Response:
    """List the keys: which one seals, which of them this node has, and how many secrets each sealed."""
    return JsonResponse(SealingKeys([SealingKey.of(key) for key in await rotation.keys()]))


@router.post("/keys", status_code=201, responses=documented(PreparedKey, 201, description="Made; it seals nothing yet"))
async def prepare_secrets_key(
    _viewer: Administrator,
    actor: CurrentActor,
    rotation: FromDishka[Rotation],
    vault: FromDishka[Vault],
    transactions: FromDishka[Transactions],
) -> Response:
    """Add a new key to this node's file without using it yet: nodes with files of their own need it before that."""
    key_id = await asyncio.to_thread(rotation.prepare)
    async with transactions.begin() as tx:
        await record(tx, actor, "secrets.key_prepared", key_id)
    return JsonResponse(PreparedKey(id=key_id, key_file=str(vault.file.path)), 201)


@router.post("/rotate", responses=documented(Rotated))
async def rotate_secrets(
    _viewer: Administrator,
    actor: CurrentActor,
    rotation: FromDishka[Rotation],
    transactions: FromDishka[Transactions],
) -> Response:
    """Go over to a new key and seal every secret anew with it, or finish the rotation that was interrupted."""
    done = await rotation.rotate()
    async with transactions.begin() as tx:
        await record(tx, actor, "secrets.rotated", done.key_id, resealed=done.resealed, resumed=done.resumed)
    return JsonResponse(Rotated.of(done))


@router.delete("", responses=documented(SecretsForgotten))
async def forget_secrets(
    _viewer: Administrator,
    actor: CurrentActor,
    rotation: FromDishka[Rotation],
    transactions: FromDishka[Transactions],
) -> Response:
    """Forget every sealed secret, when the key is lost: passwords of providers have to be entered again."""
    async with transactions.begin() as tx:
        forgotten = await rotation.reset(tx)
        await record(tx, actor, "secrets.forgotten", secrets=forgotten)
    return JsonResponse(SecretsForgotten(forgotten))
