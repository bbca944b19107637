"""What machines ask, outside `/api`: alive, ready, how much."""

from collections.abc import Sequence

import msgspec
from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from starlette.responses import Response

from app.observability import Metrics
from app.web.answers import JSON, JsonResponse, documented, reference
from app.web.auth import Collector
from app.web.readiness import Probe, Readiness, check_readiness

router = APIRouter(tags=["health"], route_class=DishkaRoute, default_response_class=Response)

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"

NOT_CACHED = {"Cache-Control": "no-store"}


class Alive(msgspec.Struct, frozen=True):
    alive: bool = True


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", responses=documented(Alive, description="Alive"))
async def healthz() -> Response:
    """Say that the process lives and its loop turns; nothing else is asked. Who restarts it looks here."""
    return JsonResponse(Alive(), headers=NOT_CACHED)


_READY = {
    **documented(Readiness, description="Ready"),
    503: {"description": "Not ready, and why", "content": {JSON: {"schema": reference(Readiness)}}},
}


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", responses=_READY)
async def readyz(probes: FromDishka[Sequence[Probe]]) -> Response:
    """Say whether this node can do its work: migrated, listening, workers running. Who sends it requests looks here."""
    readiness = await check_readiness(probes)
    return JsonResponse(readiness, 200 if readiness.ready else 503, NOT_CACHED)


_METRICS = documented(None, description="Prometheus's text format")
_METRICS[200]["content"] = {"text/plain": {"schema": {"type": "string"}}}


@router.get("/metrics", responses=_METRICS, openapi_extra={"security": [{}, {"HTTPBearer": []}]})
async def metrics(_viewer: Collector, metrics: FromDishka[Metrics]) -> Response:
    """Show every metric of this node: to this machine, and to an administrator."""
    return Response(metrics.exposition(), media_type=EXPOSITION, headers=NOT_CACHED)
