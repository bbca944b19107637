"""Jobs: seen and controlled, for administrators."""

from typing import Annotated

from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.jobs.client import Client
from app.jobs.driver.driver import JobListParams
from app.jobs.statistics import JobStatistics
from app.jobs.types import JobState
from app.web.answers import JsonResponse, documented
from app.web.api_v1.job_view import Job, JobPage
from app.web.api_v1.parameters import JobId, Strict, Text
from app.web.auth import Administrator

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], route_class=DishkaRoute, default_response_class=Response)


class JobListing(Strict):
    """Several values of one filter mean any of them: `state=running&state=retryable`."""

    state: tuple[JobState, ...] = ()
    kind: tuple[Text, ...] = ()
    queue: tuple[Text, ...] = ()
    oldest_first: bool = False
    cursor: Text | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


@router.get("", responses=documented(JobPage))
async def list_jobs(
    asked: Annotated[JobListing, Query()], _viewer: Administrator, client: FromDishka[Client]
) -> Response:
    """List jobs, the newest first unless asked otherwise. A last page may come empty."""
    page = await client.jobs.list(
        JobListParams(
            states=asked.state,
            kinds=asked.kind,
            queues=asked.queue,
            after=asked.cursor,
            limit=asked.limit,
            descending=not asked.oldest_first,
        )
    )
    cursor = page.cursor if len(page.jobs) == asked.limit else None
    return JsonResponse(JobPage([Job.of(row) for row in page.jobs], cursor))


@router.get("/stats", responses=documented(JobStatistics))
async def job_statistics(_viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Show what waits by queue, what failed in the last hour by kind, and how many jobs completed in each minute."""
    return JsonResponse(await client.statistics.all())


@router.get("/{job_id}", responses=documented(Job))
async def get_job(job_id: JobId, _viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Show one job."""
    return JsonResponse(Job.of(await client.jobs.get(job_id)))


@router.post("/{job_id}/cancel", responses=documented(Job))
async def cancel_job(job_id: JobId, _viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Cancel a job. One that runs is told so wherever it runs, and shows `running` until it has stopped."""
    return JsonResponse(Job.of(await client.jobs.cancel(job_id)))


@router.post("/{job_id}/retry", responses=documented(Job))
async def retry_job(job_id: JobId, _viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Make a job available again, whatever became of it. One that runs goes on running."""
    return JsonResponse(Job.of(await client.jobs.retry(job_id)))


@router.delete("/{job_id}", responses=documented(Job))
async def delete_job(job_id: JobId, _viewer: Administrator, client: FromDishka[Client]) -> Response:
    """Delete a job that does not run, and show what it was."""
    return JsonResponse(Job.of(await client.jobs.delete(job_id)))
