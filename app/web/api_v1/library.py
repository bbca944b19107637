"""Libraries: what is looked into, and the asking for a look."""

from typing import Annotated

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Body
from pydantic import StrictBool
from starlette.responses import Response

from app.accounts.audit import record
from app.catalog.browse import Catalog
from app.catalog.views import Library
from app.db.tx import Transactions
from app.library.kinds import LibraryKind
from app.library.service import MAX_NAME, LibraryService
from app.web.answers import JsonResponse, conditional, documented, encoded, tagged
from app.web.api_v1.job_view import Job
from app.web.api_v1.library_view import Libraries, ScanAnswer
from app.web.api_v1.parameters import DiskPath, IfMatch, IfNoneMatch, LibraryId, Strict, Text, described
from app.web.auth import Administrator, CurrentActor, CurrentViewer, Scanner
from app.web.conditions import entity_tag, require_match

router = APIRouter(
    prefix="/api/v1/libraries", tags=["libraries"], route_class=DishkaRoute, default_response_class=Response
)


LibraryName = Annotated[Text, described(minLength=1, maxLength=MAX_NAME, pattern=r"\S")]


class NewLibrary(Strict):
    name: LibraryName
    kind: Annotated[Text, described(enum=list(LibraryKind))]
    paths: Annotated[list[DiskPath], described(minItems=1)]


class LibraryChange(Strict):
    """What is left out stays as it is. A path that is left out of `paths` takes nothing away: its files go missing."""

    name: LibraryName | None = None
    paths: list[DiskPath] | None = None


class ScanRequest(Strict):
    full_scan: StrictBool = False
    """Look into unchanged folders too."""
    paths: tuple[DiskPath, ...] = ()
    """Only these folders, with all below them, or the folders these files are in: for whoever has just put them there.
    Absolute, as this server sees them. Empty: everything."""


@router.get("", responses=documented(Libraries))
async def list_libraries(viewer: CurrentViewer, catalog: FromDishka[Catalog]) -> Response:
    """List the libraries by name."""
    return JsonResponse(Libraries(await catalog.libraries(viewer)))


@router.post("", status_code=201, responses=documented(Library, 201, description="Made; empty until scanned"))
async def create_library(  # noqa: PLR0917  the framework passes them by name
    viewer: Administrator,
    actor: CurrentActor,
    asked: NewLibrary,
    service: FromDishka[LibraryService],
    catalog: FromDishka[Catalog],
    transactions: FromDishka[Transactions],
) -> Response:
    """Make a library that looks into these folders."""
    async with transactions.begin() as tx:
        made = await service.create_library(tx, name=asked.name, kind=asked.kind, paths=asked.paths)
        library = await catalog.library_tx(tx, viewer, made.id)
        # The paths as they are shown: as they were given, they may hold what no text of the database can.
        await record(tx, actor, "library.created", made.name, library_id=str(made.id), paths=library.paths)
    headers = {"Location": f"/api/v1/libraries/{made.id}", "ETag": entity_tag(encoded(library))}
    return JsonResponse(library, 201, headers)


@router.get("/{library_id}", responses=conditional(Library))
async def get_library(
    library_id: LibraryId, viewer: CurrentViewer, catalog: FromDishka[Catalog], if_none_match: IfNoneMatch = None
) -> Response:
    """Show one library. Its ETag is what `If-Match` takes when it is changed or deleted."""
    return tagged(await catalog.library(viewer, library_id), if_none_match)


@router.patch("/{library_id}", responses=documented(Library))
async def change_library(  # noqa: PLR0917  the framework passes them by name
    library_id: LibraryId,
    viewer: Administrator,
    actor: CurrentActor,
    asked: LibraryChange,
    service: FromDishka[LibraryService],
    catalog: FromDishka[Catalog],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Change a library's name or paths. With `If-Match`, only if nobody has changed it since it was read."""
    async with transactions.begin() as tx:
        await service.lock_changes(tx)
        before = await catalog.library_tx(tx, viewer, library_id)
        require_match(if_match, entity_tag(encoded(before)))
        await service.update_library(tx, library_id, name=asked.name, paths=asked.paths)
        after = await catalog.library_tx(tx, viewer, library_id)
        told = {name: getattr(after, name) for name, value in asked.model_dump().items() if value is not None}
        await record(tx, actor, "library.changed", before.name, library_id=str(library_id), **told)
    return tagged(after)


@router.delete(
    "/{library_id}", status_code=204, responses=documented(None, 204, description="Gone; the media stay on the disk")
)
async def delete_library(  # noqa: PLR0917  the framework passes them by name
    library_id: LibraryId,
    viewer: Administrator,
    actor: CurrentActor,
    service: FromDishka[LibraryService],
    catalog: FromDishka[Catalog],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Forget a library and everything known of what is in it. The media stay where they are."""
    async with transactions.begin() as tx:
        await service.lock_changes(tx)
        before = await catalog.library_tx(tx, viewer, library_id)
        require_match(if_match, entity_tag(encoded(before)))
        await service.delete_library(tx, library_id)
        await record(tx, actor, "library.deleted", before.name, library_id=str(library_id))
    return Response(status_code=204)


@router.post("/{library_id}/scan", status_code=202, responses=documented(ScanAnswer, 202, description="Asked for"))
async def scan_library(
    library_id: LibraryId,
    _viewer: Scanner,
    service: FromDishka[LibraryService],
    transactions: FromDishka[Transactions],
    asked: Annotated[ScanRequest | None, Body()] = None,
) -> Response:
    """Ask for a scan. Scans of one library never overlap: one that waits or runs is returned instead."""
    asked = asked or ScanRequest()
    async with transactions.begin() as tx:
        result = await service.request_scan(tx, library_id, full_scan=asked.full_scan, paths=asked.paths)
    answer = ScanAnswer(Job.of(result.job), result.unique_skipped_as_duplicate)
    return JsonResponse(answer, 202, {"Location": f"/api/v1/jobs/{result.job.id}"})
