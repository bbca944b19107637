"""Finding things by what somebody types."""

from typing import Annotated
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.catalog.searching import MAX_LIMIT, Search, SearchQuery
from app.catalog.views import SearchPage
from app.web.answers import JsonResponse, documented
from app.web.api_v1.parameters import Strict, Text
from app.web.auth import CurrentViewer

router = APIRouter(prefix="/api/v1", tags=["items"], route_class=DishkaRoute, default_response_class=Response)


class SearchWords(Strict):
    q: Text = ""
    """What was typed so far: words of titles, names, years; the last one need not be finished."""
    kind: Text | None = None
    """movie, series, season, episode, artist, album or track."""
    library_id: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 20

    def query(self) -> SearchQuery:
        return SearchQuery(**self.model_dump())


@router.get("/search", responses=documented(SearchPage))
async def search(asked: Annotated[SearchWords, Query()], viewer: CurrentViewer, finder: FromDishka[Search]) -> Response:
    """Find items of all kinds by titles in any language, people, artists and years, the best first."""
    return JsonResponse(await finder.search(viewer, asked.query()))
