"""How a command knows that it speaks to the server whose file it has read, before it shows it anything."""

from typing import Annotated

import msgspec
from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.local import LocalCredential
from app.errors import Refused
from app.web.answers import JsonResponse, documented
from app.web.authentication import is_from_here

router = APIRouter(prefix="/api/v1/proof", tags=["health"], route_class=DishkaRoute, default_response_class=Response)


class Proof(msgspec.Struct, frozen=True):
    proof: str
    """HMAC-SHA256 of the challenge under this run's local credential, in hexadecimal."""


@router.get("", responses=documented(Proof))
async def prove_server(
    request: Request,
    challenge: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
    credential: FromDishka[LocalCredential],
) -> Response:
    """Prove to a command on this machine that this is the server it looks for. Public, and for this machine alone."""
    if not is_from_here(request):
        raise Refused("only this machine is given a proof")
    return JsonResponse(Proof(credential.proof(challenge)), headers={"Cache-Control": "no-store"})
