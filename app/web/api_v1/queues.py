"""Queues: seen, paused and resumed, for administrators."""

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.audit import record
from app.db.tx import Transactions
from app.jobs.client import Client
from app.web.answers import JsonResponse, documented
from app.web.api_v1.parameters import QueueName
from app.web.api_v1.queue_view import Queue, Queues
from app.web.auth import Administrator, CurrentActor

router = APIRouter(prefix="/api/v1/queues", tags=["queues"], route_class=DishkaRoute, default_response_class=Response)


@router.get("", responses=documented(Queues))
async def list_queues(_viewer: Administrator, client: FromDishka[Client]) -> Response:
    """List the queues by name."""
    return JsonResponse(Queues([Queue.of(row) for row in await client.queues.list()]))


@router.get("/{name}", responses=documented(Queue))
async def get_queue(name: QueueName, _viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Show one queue. One that nobody has worked for a day is forgotten."""
    return JsonResponse(Queue.of(await client.queues.get(name)))


@router.put("/{name}/pause", status_code=204, responses=documented(None, 204, description="Paused"))
async def pause_queue(
    name: QueueName,
    _viewer: Administrator,
    actor: CurrentActor,
    client: FromDishka[Client],
    transactions: FromDishka[Transactions],
) -> Response:
    """Let no client fetch from this queue; `*` means all there are now. Jobs that run go on."""
    async with transactions.begin() as tx:
        await client.queues.pause_tx(tx.connection, name)
        await record(tx, actor, "queue.paused", name)
    return Response(status_code=204)


@router.put("/{name}/resume", status_code=204, responses=documented(None, 204, description="Resumed"))
async def resume_queue(
    name: QueueName,
    _viewer: Administrator,
    actor: CurrentActor,
    client: FromDishka[Client],
    transactions: FromDishka[Transactions],
) -> Response:
    """Let clients fetch from this queue again; `*` means all."""
    async with transactions.begin() as tx:
        await client.queues.resume_tx(tx.connection, name)
        await record(tx, actor, "queue.resumed", name)
    return Response(status_code=204)
