"""What greets somebody."""

from typing import Annotated

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.catalog.home import MAX_LIMIT, HomePage
from app.catalog.page_views import Home
from app.web.answers import JsonResponse, documented
from app.web.api_v1.parameters import Strict
from app.web.auth import CurrentViewer

router = APIRouter(prefix="/api/v1", tags=["items"], route_class=DishkaRoute, default_response_class=Response)


class HomeAsked(Strict):
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 20
    """Items of a row."""


@router.get("/home", responses=documented(Home))
async def show_home(
    asked: Annotated[HomeAsked, Query()], viewer: CurrentViewer, home: FromDishka[HomePage]
) -> Response:
    """Show rows of what came last to each library, and of the genres there is most of."""
    return JsonResponse(await home.show(viewer, asked.limit))
