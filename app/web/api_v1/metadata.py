"""What items are taken for, and by whom: for administrators."""

from typing import Annotated, Literal
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.accounts.audit import record
from app.db.tx import Transactions, Tx
from app.jobs.types import JobInsertResult
from app.library.errors import ItemNotFound
from app.library.service import LibraryService
from app.metadata import reviews as reviewing
from app.metadata.kinds import EpisodeOrder, MatchState
from app.metadata.orders import EpisodeOrders as SeriesOrders
from app.metadata.registry import Registry
from app.metadata.service import MetadataService
from app.web.answers import JsonResponse, conditional, documented, encoded, tagged
from app.web.api_v1.job_view import Job
from app.web.api_v1.library_view import ScanAnswer
from app.web.api_v1.metadata_view import (
    Attribution,
    Attributions,
    Candidates,
    EpisodeOrders,
    ItemMatch,
    LibraryMetadata,
    MatchCandidate,
    MetadataSource,
    MetadataSources,
    ReviewPage,
)
from app.web.api_v1.parameters import IfMatch, IfNoneMatch, ItemId, LibraryId, Strict, Text
from app.web.auth import Administrator, CurrentActor, CurrentViewer
from app.web.conditions import entity_tag, require_match

router = APIRouter(prefix="/api/v1", tags=["metadata"], route_class=DishkaRoute, default_response_class=Response)

Line = Annotated[Text, Field(min_length=1, max_length=500)]


class Choice(Strict):
    source: Line
    external_id: Line
    """As the source calls it."""


class LibraryMetadataChange(Strict):
    """What is left out stays as it is; null: as the configuration has it."""

    sources: tuple[Line, ...] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$")] | None = None
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    episode_order: EpisodeOrder | None = None
    """How the episodes of its series are counted; null: as their source lists them."""


class OrderChoice(Strict):
    order: Line | None
    """aired, absolute, dvd … , or the key of a list; null: as the library is counted."""


def _asked(result: JobInsertResult) -> Response:
    answer = ScanAnswer(Job.of(result.job), result.unique_skipped_as_duplicate)
    return JsonResponse(answer, 202, {"Location": f"/api/v1/jobs/{result.job.id}"})


@router.get("/metadata/sources", responses=documented(MetadataSources))
async def list_metadata_sources(
    _viewer: Administrator, registry: FromDishka[Registry], transactions: FromDishka[Transactions]
) -> Response:
    """List the sources there are, and whether they answer."""
    async with transactions.begin() as tx:
        found = await reviewing.sources(tx, registry)
    return JsonResponse(MetadataSources([MetadataSource.of(row) for row in found]))


@router.get("/metadata/attributions", responses=documented(Attributions))
async def list_attributions(
    _viewer: CurrentViewer, registry: FromDishka[Registry], transactions: FromDishka[Transactions]
) -> Response:
    """List who has told of items here, and how they want to be named for it: whoever shows items shows this too."""
    async with transactions.begin() as tx:
        found = await reviewing.attributions(tx, registry)
    return JsonResponse(Attributions([Attribution(source=source, text=text) for source, text in found]))


@router.get("/metadata/reviews", responses=documented(ReviewPage))
async def list_reviews(
    _viewer: Administrator,
    transactions: FromDishka[Transactions],
    state: Annotated[Literal["doubtful", "unmatched"] | None, Query()] = None,
    library_id: Annotated[UUID | None, Query()] = None,
    cursor: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """List what waits for a person: matches that are doubtful, and items that nobody knows."""
    states = [MatchState(state)] if state is not None else [MatchState.DOUBTFUL, MatchState.UNMATCHED]
    async with transactions.begin() as tx:
        found = await reviewing.reviews(tx, states=states, library_id=library_id, after=cursor, limit=limit)
    last = str(found[-1].item_id) if len(found) == limit else None
    return JsonResponse(ReviewPage([ItemMatch.of(row) for row in found], last))


@router.get("/libraries/{library_id}/metadata", responses=conditional(LibraryMetadata))
async def get_library_metadata(
    library_id: LibraryId,
    _viewer: Administrator,
    service: FromDishka[MetadataService],
    transactions: FromDishka[Transactions],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Show which sources are asked about a library, and in which language. Its ETag is what `If-Match` takes."""
    async with transactions.begin() as tx:
        return tagged(await _metadata_of(tx, service, library_id), if_none_match)


@router.patch("/libraries/{library_id}/metadata", responses=documented(LibraryMetadata))
async def change_library_metadata(  # noqa: PLR0917  the framework passes them by name
    library_id: LibraryId,
    _viewer: Administrator,
    actor: CurrentActor,
    asked: LibraryMetadataChange,
    service: FromDishka[MetadataService],
    libraries: FromDishka[LibraryService],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Name the sources of a library, or its language. What is known stays until it is refreshed, and is due now.
    With `If-Match`, only if nobody has changed them since they were read."""
    async with transactions.begin() as tx:
        await libraries.lock_changes(tx)
        require_match(if_match, entity_tag(encoded(await _metadata_of(tx, service, library_id))))
        await service.set_sources(tx, library_id, {name: getattr(asked, name) for name in asked.model_fields_set})
        fields = sorted(asked.model_fields_set)
        await record(tx, actor, "library.metadata_changed", library_id=str(library_id), fields=fields)
        return tagged(await _metadata_of(tx, service, library_id))


@router.post(
    "/libraries/{library_id}/metadata/refresh",
    status_code=202,
    responses=documented(ScanAnswer, 202, description="Asked for"),
)
async def refresh_library_metadata(
    library_id: LibraryId,
    _viewer: Administrator,
    service: FromDishka[MetadataService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Ask now for what was never asked for, and for what is old, of a library."""
    async with transactions.begin() as tx:
        result = await service.refresh(tx, library_id)
    return _asked(result)


@router.get("/items/{item_id}/match", responses=conditional(ItemMatch))
async def get_match(
    item_id: ItemId,
    _viewer: Administrator,
    transactions: FromDishka[Transactions],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Show what an item was taken for, and why. Its ETag is what `If-Match` takes when somebody decides."""
    async with transactions.begin() as tx:
        return tagged(await _match_of(tx, item_id), if_none_match)


@router.put(
    "/items/{item_id}/match",
    status_code=202,
    responses=documented(ScanAnswer, 202, description="Chosen; being fetched"),
)
async def choose_match(  # noqa: PLR0917  the framework passes them by name
    item_id: ItemId,
    _viewer: Administrator,
    actor: CurrentActor,
    asked: Choice,
    service: FromDishka[MetadataService],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Say what an item is. Nothing but a person changes that any more. With `If-Match`, only if nobody, and no source,
    has decided otherwise since it was read."""
    async with transactions.begin() as tx:
        await _require_same(tx, service, item_id, if_match)
        result = await service.choose(tx, item_id, asked.source, asked.external_id)
        taken = {"source": asked.source, "external_id": asked.external_id}
        await record(tx, actor, "item.matched", item_id=str(item_id), **taken)
    return _asked(result)


@router.delete("/items/{item_id}/match", responses=documented(ItemMatch))
async def unmatch(
    item_id: ItemId,
    _viewer: Administrator,
    actor: CurrentActor,
    service: FromDishka[MetadataService],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Say that an item is nothing the sources know. What they said is taken back, and it is not looked for again."""
    async with transactions.begin() as tx:
        await _require_same(tx, service, item_id, if_match)
        await service.unmatch(tx, item_id)
        await record(tx, actor, "item.unmatched", item_id=str(item_id))
        return tagged(await _match_of(tx, item_id))


@router.post(
    "/items/{item_id}/match/retry", status_code=202, responses=documented(ScanAnswer, 202, description="Asked for")
)
async def retry_match(
    item_id: ItemId,
    _viewer: Administrator,
    actor: CurrentActor,
    service: FromDishka[MetadataService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Forget what was decided, and look anew."""
    async with transactions.begin() as tx:
        result = await service.look_again(tx, item_id)
        await record(tx, actor, "item.match_forgotten", item_id=str(item_id))
    return _asked(result)


@router.get("/items/{item_id}/match/candidates", responses=documented(Candidates))
async def search_candidates(
    item_id: ItemId,
    _viewer: Administrator,
    service: FromDishka[MetadataService],
    title: Annotated[Text | None, Query()] = None,
    year: Annotated[int | None, Query()] = None,
    source: Annotated[Text | None, Query()] = None,
) -> Response:
    """Ask the sources what an item may be: by its own title and year, or by others."""
    found = await service.search(item_id, title=title, year=year, source=source)
    return JsonResponse(Candidates([MatchCandidate.of(one) for one in found]))


@router.get("/items/{item_id}/episode-order", responses=documented(EpisodeOrders))
async def get_episode_orders(item_id: ItemId, _viewer: Administrator, orders: FromDishka[SeriesOrders]) -> Response:
    """Show how the episodes of a series are counted, and the orders that its source has for it."""
    return JsonResponse(EpisodeOrders.of(await orders.counted(item_id)))


@router.put(
    "/items/{item_id}/episode-order",
    status_code=202,
    responses=documented(ScanAnswer, 202, description="Chosen; being fetched"),
)
async def choose_episode_order(
    item_id: ItemId,
    _viewer: Administrator,
    actor: CurrentActor,
    asked: OrderChoice,
    orders: FromDishka[SeriesOrders],
    transactions: FromDishka[Transactions],
) -> Response:
    """Say how the episodes of a series are counted. Items and what was watched stay; what is said of them follows."""
    async with transactions.begin() as tx:
        result = await orders.choose(tx, item_id, asked.order)
        await record(tx, actor, "item.episode_order_chosen", item_id=str(item_id), order=asked.order)
    return _asked(result)


async def _metadata_of(tx: Tx, service: MetadataService, library_id: UUID) -> LibraryMetadata:
    _, sources, locale = await service.sources_of(tx, library_id)
    return LibraryMetadata(
        sources=list(sources), language=locale.language, region=locale.region, episode_order=locale.order
    )


async def _match_of(tx: Tx, item_id: UUID) -> ItemMatch:
    found = await reviewing.match_of(tx, item_id)
    if found is None:
        raise ItemNotFound(item_id)
    return ItemMatch.of(found)


async def _require_same(tx: Tx, service: MetadataService, item_id: UUID, if_match: str | None) -> None:
    if if_match is not None:
        await service.lock(tx, item_id)
        require_match(if_match, entity_tag(encoded(await _match_of(tx, item_id))))
