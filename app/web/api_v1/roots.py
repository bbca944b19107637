"""What lies on disk, for administrators: the roots of a library, what is gone from them, and what is there twice."""

import re
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Body, Path, Query
from pydantic import BeforeValidator, StrictBool
from starlette.responses import Response

from app.accounts.audit import record
from app.config.durations import parse_duration
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.library.service import LibraryService
from app.web.answers import JsonResponse, documented, encoded, tagged
from app.web.api_v1.job_view import Job
from app.web.api_v1.library_view import ScanAnswer
from app.web.api_v1.parameters import DiskPath, IfMatch, LibraryId, Strict, Text, described
from app.web.api_v1.root_view import Duplicates, FileCopies, FileProblem, FileProblems, Purge, Roots
from app.web.auth import Administrator, CurrentActor
from app.web.conditions import entity_tag, require_match

router = APIRouter(prefix="/api/v1", tags=["libraries"], route_class=DishkaRoute, default_response_class=Response)

RootId = Annotated[UUID, Path()]
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9a-f]{32})")


class RootChange(Strict):
    """What is left out stays as it is."""

    path: DiskPath | None = None
    """Where the root lies now. It must show the root's marker, or what is known to be in it."""
    has_own_queue: StrictBool | None = None


def _duration(given: object) -> timedelta:
    """Read text and nothing else: what a number would count, nobody can tell."""
    return parse_duration(given if isinstance(given, str) else "")


class PurgeRequest(Strict):
    missing_for: Annotated[timedelta, BeforeValidator(_duration)] = timedelta(0)
    """Such as 30d; what went missing later is kept."""


@router.get("/libraries/{library_id}/roots", responses=documented(Roots))
async def list_roots(
    library_id: LibraryId,
    _viewer: Administrator,
    service: FromDishka[LibraryService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Show a library's folders, what is known of each, and which node hears of changes in it. The ETag is what
    `If-Match` takes when one of them is changed."""
    async with transactions.begin() as tx:
        found = Roots.of(await service.roots(tx, library_id))
    return tagged(found, etag=_etag_of(found))


@router.patch("/libraries/{library_id}/roots/{root_id}", responses=documented(Roots))
async def change_root(  # noqa: PLR0917  the framework passes them by name
    library_id: LibraryId,
    root_id: RootId,
    _viewer: Administrator,
    actor: CurrentActor,
    asked: RootChange,
    service: FromDishka[LibraryService],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Say that a root lies elsewhere now, or that only some nodes see it. Files and items stay what they are. With
    `If-Match`, only if nobody has changed a root of this library since they were read."""
    async with transactions.begin() as tx:
        if if_match is not None:
            await service.lock_changes(tx)
            require_match(if_match, entity_tag(_settings_of(Roots.of(await service.roots(tx, library_id)))))
        await service.change_root(tx, library_id, root_id, path=asked.path, has_own_queue=asked.has_own_queue)
        found = Roots.of(await service.roots(tx, library_id))
        root = next(one for one in found.roots if one.id == root_id)
        told: dict[str, Any] = {"root_id": str(root_id), "path": root.path, "has_own_queue": root.has_own_queue}
        await record(tx, actor, "root.changed", library_id=str(library_id), **told)
    return tagged(found, etag=_etag_of(found))


def _settings_of(roots: Roots) -> bytes:
    """What a person decides about roots. What scans count in them is no change."""
    return encoded([(root.id, root.path, root.has_own_queue) for root in roots.roots])


def _etag_of(roots: Roots) -> str:
    return entity_tag(_settings_of(roots), encoded(roots))


@router.post(
    "/libraries/{library_id}/confirm-loss",
    status_code=202,
    responses=documented(ScanAnswer, 202, description="Believed; a scan is asked for"),
)
async def confirm_loss(
    library_id: LibraryId,
    _viewer: Administrator,
    actor: CurrentActor,
    service: FromDishka[LibraryService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Say that the many files a scan did not find are gone indeed. They become missing; nothing is deleted."""
    async with transactions.begin() as tx:
        result = await service.confirm_loss(tx, library_id)
        await record(tx, actor, "library.loss_confirmed", library_id=str(library_id))
    answer = ScanAnswer(Job.of(result.job), result.unique_skipped_as_duplicate)
    return JsonResponse(answer, 202, {"Location": f"/api/v1/jobs/{result.job.id}"})


@router.post("/libraries/{library_id}/purge", responses=documented(Purge))
async def purge_library(
    library_id: LibraryId,
    _viewer: Administrator,
    actor: CurrentActor,
    service: FromDishka[LibraryService],
    transactions: FromDishka[Transactions],
    asked: Annotated[PurgeRequest | None, Body()] = None,
) -> Response:
    """Forget what is missing, with the items that have nothing else and all that hangs on them."""
    async with transactions.begin() as tx:
        purged = await service.purge(tx, library_id, asked.missing_for if asked is not None else timedelta(0))
        counts: dict[str, Any] = {"files": purged.files, "items": purged.items}
        await record(tx, actor, "library.purged", library_id=str(library_id), **counts)
    return JsonResponse(Purge(purged.files, purged.items))


@router.get("/duplicates", responses=documented(Duplicates))
async def list_duplicates(
    _viewer: Administrator,
    service: FromDishka[LibraryService],
    transactions: FromDishka[Transactions],
    cursor: Annotated[Text, described(pattern=f"^{_CURSOR.pattern}$")] | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """List files that are copies of each other, the largest first: equal in size, beginning, middle and end."""
    after = _read_cursor(cursor)
    async with transactions.begin() as tx:
        found = await service.duplicates(tx, after, limit)
    groups = [FileCopies.of(group) for group in found]
    last = found[-1] if len(found) == limit else None
    return JsonResponse(Duplicates(groups, f"{last.size}-{last.partial_hash.hex()}" if last else None))


@router.get("/problems", responses=documented(FileProblems))
async def list_problems(
    _viewer: Administrator,
    service: FromDishka[LibraryService],
    transactions: FromDishka[Transactions],
    library_id: UUID | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """List the files that could not be read, or not all of them, those found last first: damaged films and songs, NFO
    and pictures that say nothing. `cursor` is `next_cursor` of the page before."""
    async with transactions.begin() as tx:
        found = await service.problems(tx, library_id, cursor, limit)
    last = found[-1] if len(found) == limit else None
    return JsonResponse(FileProblems([FileProblem.of(one) for one in found], str(last.id) if last else None))


def _read_cursor(cursor: str | None) -> tuple[int, bytes] | None:
    if cursor is None:
        return None
    if (found := _CURSOR.fullmatch(cursor)) is None:
        raise InvalidInput("cursor", "is none of ours; take next_cursor of the page before")
    return int(found[1]), bytes.fromhex(found[2])
