"""Jobs: seen and controlled, for administrators."""

from typing import Annotated, Any, Literal

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.accounts.audit import record
from app.config import MAX_ATTEMPTS
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.jobs.client import Client
from app.jobs.driver.driver import JobListParams
from app.jobs.insert_opts import InsertOpts
from app.jobs.kinds import JobKinds
from app.jobs.statistics import JobStatistics
from app.jobs.types import JobState
from app.web.answers import JsonResponse, documented
from app.web.api_v1.job_view import Job, JobInserted, JobKind, JobKindList, JobPage
from app.web.api_v1.parameters import A_NUMBER, JobId, Moment, Strict, Text
from app.web.auth import Administrator, CurrentActor

router = APIRouter(prefix="/api/v1", tags=["jobs"], route_class=DishkaRoute, default_response_class=Response)


class JobListing(Strict):
    """Several values of one filter mean any of them: `state=running&state=retryable`."""

    state: tuple[JobState, ...] = ()
    kind: tuple[Text, ...] = ()
    queue: tuple[Text, ...] = ()
    priority: tuple[Annotated[int, Field(ge=1, le=4)], ...] = ()
    tag: tuple[Text, ...] = ()
    order_by: Literal["id", "time", "scheduled_at", "finalized_at"] = "id"
    """`time` is the one that fits the state: attempted_at of running ones, finalized_at of finished ones, else
    scheduled_at. `finalized_at` needs a filter for final states."""
    oldest_first: bool = False
    cursor: Text | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


@router.get("/jobs", responses=documented(JobPage))
async def list_jobs(
    asked: Annotated[JobListing, Query()], _viewer: Administrator, client: FromDishka[Client]
) -> Response:
    """List jobs, the newest first unless asked otherwise. A last page may come empty."""
    params = JobListParams(
        states=asked.state,
        kinds=asked.kind,
        queues=asked.queue,
        priorities=asked.priority,
        tags_any=asked.tag,
        order_by=asked.order_by,
        after=asked.cursor,
        limit=asked.limit,
        descending=not asked.oldest_first,
    )
    try:
        page = await client.jobs.list(params)
    except InvalidInput as err:
        # River's word for it is another than ours.
        raise InvalidInput("cursor" if err.field == "after" else err.field, err.message) from None
    cursor = page.cursor if len(page.jobs) == asked.limit else None
    return JsonResponse(JobPage([Job.of(row) for row in page.jobs], cursor))


class NewJob(Strict):
    kind: Text
    """One of `GET /api/v1/job-kinds`."""
    args: dict[str, Any] = Field(default_factory=dict)
    """As the kind's `args_schema` has it."""
    queue: Text | None = None
    priority: Annotated[int, Field(ge=1, le=4), A_NUMBER] | None = None
    """1 comes first, within one queue."""
    scheduled_at: Moment | None = None
    max_attempts: Annotated[int, Field(ge=1, le=MAX_ATTEMPTS), A_NUMBER] | None = None
    tags: Annotated[list[Text], Field(max_length=50)] | None = None


@router.post("/jobs", status_code=201, responses=documented(JobInserted, 201, description="Inserted, or there already"))
async def insert_job(
    asked: NewJob,
    _viewer: Administrator,
    actor: CurrentActor,
    kinds: FromDishka[JobKinds],
    client: FromDishka[Client],
    transactions: FromDishka[Transactions],
) -> Response:
    """Insert a job of any kind that this server knows. What is not said is as the kind has it."""
    args = kinds.args(asked.kind, asked.args)
    opts = InsertOpts(
        queue=asked.queue,
        priority=asked.priority,
        scheduled_at=asked.scheduled_at,
        max_attempts=asked.max_attempts,
        tags=None if asked.tags is None else tuple(asked.tags),
    )
    async with transactions.begin() as tx:
        result = await client.insert_tx(tx.connection, args, opts)
        if not result.unique_skipped_as_duplicate:
            await record(tx, actor, "job.inserted", args.kind, job_id=result.job.id)
    answer = JobInserted(Job.of(result.job), result.unique_skipped_as_duplicate)
    return JsonResponse(answer, 201, {"Location": f"/api/v1/jobs/{result.job.id}"})


@router.get("/job-kinds", responses=documented(JobKindList))
async def list_job_kinds(_viewer: Administrator, kinds: FromDishka[JobKinds]) -> Response:
    """List the kinds of jobs by name, with the JSON Schema of their args."""
    return JsonResponse(JobKindList([JobKind.of(kind) for kind in kinds.all()]))


@router.get("/jobs/stats", responses=documented(JobStatistics))
async def job_statistics(_viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Show what waits by queue, what failed in the last hour by kind, and how many jobs completed in each minute."""
    return JsonResponse(await client.statistics.all())


@router.get("/jobs/{job_id}", responses=documented(Job))
async def get_job(job_id: JobId, _viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Show one job."""
    return JsonResponse(Job.of(await client.jobs.get(job_id)))


@router.post("/jobs/{job_id}/cancel", responses=documented(Job))
async def cancel_job(
    job_id: JobId,
    _viewer: Administrator,
    actor: CurrentActor,
    client: FromDishka[Client],
    transactions: FromDishka[Transactions],
) -> Response:
    """Cancel a job. One that runs is told so wherever it runs, and shows `running` until it has stopped."""
    async with transactions.begin() as tx:
        row = await client.jobs.cancel_tx(tx.connection, job_id)
        await record(tx, actor, "job.cancelled", row.kind, job_id=row.id)
    return JsonResponse(Job.of(row))


@router.post("/jobs/{job_id}/retry", responses=documented(Job))
async def retry_job(
    job_id: JobId,
    _viewer: Administrator,
    actor: CurrentActor,
    client: FromDishka[Client],
    transactions: FromDishka[Transactions],
) -> Response:
    """Make a job available again, whatever became of it. One that runs goes on running."""
    async with transactions.begin() as tx:
        row = await client.jobs.retry_tx(tx.connection, job_id)
        await record(tx, actor, "job.retried", row.kind, job_id=row.id)
    return JsonResponse(Job.of(row))


@router.delete("/jobs/{job_id}", responses=documented(Job))
async def delete_job(
    job_id: JobId,
    _viewer: Administrator,
    actor: CurrentActor,
    client: FromDishka[Client],
    transactions: FromDishka[Transactions],
) -> Response:
    """Delete a job that does not run, and show what it was."""
    async with transactions.begin() as tx:
        row = await client.jobs.delete_tx(tx.connection, job_id)
        await record(tx, actor, "job.deleted", row.kind, job_id=row.id)
    return JsonResponse(Job.of(row))
