"""Finding things by what somebody types."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.accounts.audit import record
from app.catalog.page_views import EngineState, SearchPage
from app.catalog.searching import MAX_LIMIT, Search, SearchQuery
from app.catalog.upkeep import SearchUpkeep
from app.db.tx import Transactions
from app.library.kinds import ItemKind
from app.web.answers import JsonResponse, documented
from app.web.api_v1.job_view import Job
from app.web.api_v1.library_view import ScanAnswer
from app.web.api_v1.parameters import Strict, Text, described
from app.web.auth import Administrator, CurrentActor, CurrentViewer

router = APIRouter(prefix="/api/v1", tags=["items"], route_class=DishkaRoute, default_response_class=Response)


class SearchWords(Strict):
    q: Text = ""
    """What was typed so far: words of titles, names, years; the last one need not be finished."""
    kind: Annotated[Text, described(enum=list(ItemKind))] | None = None
    """movie, series, season, episode, artist, album or track."""
    library_id: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 20

    def query(self) -> SearchQuery:
        return SearchQuery(**self.model_dump())


@router.get("/search/engine", responses=documented(EngineState))
async def get_search_engine(_viewer: Administrator, upkeep: FromDishka[SearchUpkeep]) -> Response:
    """Show who searches, PostgreSQL or Typesense, and how well it is kept up."""
    return JsonResponse(await upkeep.show())


@router.post("/search/reindex", status_code=202, responses=documented(ScanAnswer, 202, description="Asked for"))
async def reindex(
    _viewer: Administrator,
    actor: CurrentActor,
    upkeep: FromDishka[SearchUpkeep],
    transactions: FromDishka[Transactions],
) -> Response:
    """Have all that searches look into made anew. What there is is searched meanwhile."""
    async with transactions.begin() as tx:
        result = await upkeep.reindex(tx)
        await record(tx, actor, "search.reindexed")
    answer = ScanAnswer(Job.of(result.job), result.unique_skipped_as_duplicate)
    return JsonResponse(answer, 202, {"Location": f"/api/v1/jobs/{result.job.id}"})


@router.get("/search", responses=documented(SearchPage))
async def search(asked: Annotated[SearchWords, Query()], viewer: CurrentViewer, finder: FromDishka[Search]) -> Response:
    """Find items of all kinds by titles in any language, people, artists and years, the best first."""
    return JsonResponse(await finder.search(viewer, asked.query()))
