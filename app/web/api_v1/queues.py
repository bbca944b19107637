"""Queues: seen, paused and resumed, for administrators."""

import msgspec
from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from starlette.responses import Response

from app.catalog.views import Time
from app.jobs.client import Client
from app.jobs.types import QueueRow
from app.web.answers import JsonResponse, documented
from app.web.api_v1.parameters import QueueName
from app.web.auth import Administrator

router = APIRouter(prefix="/api/v1/queues", tags=["queues"], route_class=DishkaRoute, default_response_class=Response)


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `river_queue`. Queues that nobody has worked for a day are forgotten."""

    name: str
    created_at: Time
    metadata: msgspec.Raw
    paused_at: Time | None
    """Null: it is worked."""
    updated_at: Time
    """When a client that works it last said so."""

    @classmethod
    def of(cls, row: QueueRow) -> "Queue":
        return cls(
            name=row.name,
            created_at=row.created_at,
            metadata=msgspec.Raw(row.metadata),
            paused_at=row.paused_at,
            updated_at=row.updated_at,
        )


class Queues(msgspec.Struct, frozen=True):
    queues: list[Queue]


@router.get("", responses=documented(Queues))
async def list_queues(_viewer: Administrator, client: FromDishka[Client]) -> Response:
    """List the queues by name."""
    return JsonResponse(Queues([Queue.of(row) for row in await client.queues.list()]))


@router.put("/{name}/pause", status_code=204, responses=documented(None, 204, description="Paused"))
async def pause_queue(name: QueueName, _viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Let no client fetch from this queue; `*` means all there are now. Jobs that run go on."""
    await client.queues.pause(name)
    return Response(status_code=204)


@router.put("/{name}/resume", status_code=204, responses=documented(None, 204, description="Resumed"))
async def resume_queue(name: QueueName, _viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Let clients fetch from this queue again; `*` means all."""
    await client.queues.resume(name)
    return Response(status_code=204)
