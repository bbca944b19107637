"""The application: every route, every answer's shape, and the layers around them, from outside in.

`Cors` lets pages read what they may, `RequestLog` sees everything, `RateLimits` holds back who asks too much, `Waited`
says that somebody waits, `Guard` turns away who may not speak to us, then the container's scope, then the routes.
"""

from collections.abc import Collection
from importlib.metadata import version
from typing import Any

import msgspec
from dishka import AsyncContainer
from dishka.integrations.fastapi import setup_dishka
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.catalog.file_views import FileDetail
from app.catalog.page_views import EngineState, Facets, HistoryPage, Home, ItemPage, ItemRow, ItemTreePage, SearchPage
from app.catalog.views import Item, Library, PersonDetail, UserState
from app.jobs.statistics import JobStatistics
from app.observability import Metrics
from app.web import errors, health
from app.web.api_v1 import (
    account_access,
    accounts,
    chapters,
    editing,
    events,
    home,
    items,
    jobs,
    library,
    logins,
    metadata,
    playback,
    proof,
    queues,
    roots,
    schedule,
    search,
    secrets,
    side_files,
    trickplay,
    watching,
)
from app.web.api_v1.account_view import Account, Accounts, ApiKeys, AuditPage, Logins, LoginTokens, Me, NewApiKey
from app.web.api_v1.items import MediaUrl
from app.web.api_v1.job_view import Job, JobInserted, JobKindList, JobPage
from app.web.api_v1.library_view import Libraries, ScanAnswer
from app.web.api_v1.metadata_view import (
    Attributions,
    Candidates,
    EpisodeOrders,
    ItemMatch,
    LibraryMetadata,
    MetadataSources,
    ReviewPage,
)
from app.web.api_v1.playback_view import Playback
from app.web.api_v1.proof import Proof
from app.web.api_v1.queue_view import Queues
from app.web.api_v1.root_view import Duplicates, FileProblems, Purge, Roots
from app.web.api_v1.schedule_view import ScheduleEntries
from app.web.api_v1.secret_view import PreparedKey, Rotated, SealingKeys, SecretsForgotten
from app.web.codes import describe_problems
from app.web.cors import Cors
from app.web.errors import Problem
from app.web.guard import Guard
from app.web.health import Alive
from app.web.links import add_links
from app.web.pages import setup
from app.web.rates import RateLimits, RequestLimits
from app.web.readiness import Readiness
from app.web.request_log import RequestLog
from app.web.waiting import Waited

OPENAPI_URL = "/api/v1/openapi.json"

DESCRIPTION = """
Errors are `application/problem+json` (RFC 9457); rely on `code`. Listings go on with the `next_cursor` of the page
before. Times are RFC 3339 in UTC.
"""

STRUCTS = (
    Problem,
    Libraries,
    Library,
    ScanAnswer,
    Roots,
    Purge,
    Duplicates,
    FileProblems,
    ItemPage,
    ItemTreePage,
    Item,
    SearchPage,
    Facets,
    Home,
    EngineState,
    PersonDetail,
    UserState,
    ItemRow,
    HistoryPage,
    FileDetail,
    MediaUrl,
    ItemMatch,
    ReviewPage,
    Candidates,
    MetadataSources,
    LibraryMetadata,
    Attributions,
    EpisodeOrders,
    Playback,
    Job,
    JobPage,
    JobInserted,
    JobKindList,
    JobStatistics,
    Queues,
    ScheduleEntries,
    LoginTokens,
    Me,
    Logins,
    ApiKeys,
    NewApiKey,
    Account,
    Accounts,
    AuditPage,
    SealingKeys,
    PreparedKey,
    Rotated,
    SecretsForgotten,
    Proof,
    Alive,
    Readiness,
)
"""Everything that is answered; what they are made of follows."""


def create_app(
    container: AsyncContainer,
    metrics: Metrics,
    names: Collection[str],
    *,
    origins: Collection[str] = (),
    limits: RequestLimits | None = None,
) -> FastAPI:
    """Build the application over a container that offers the services its routes name.

    `names` are what requests may call us by, beside addresses and loopback names; `origins` whose pages may ask.
    """
    app = FastAPI(
        title="Revenge",
        version=version("revenge"),
        description=DESCRIPTION.strip(),
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=_routes(),
    )
    errors.install(app)
    setup_dishka(container, app)
    app.add_middleware(Guard, names=names, origins=origins)
    app.add_middleware(Waited)
    app.add_middleware(RateLimits, limits=limits or RequestLimits())
    app.add_middleware(RequestLog, metrics=metrics)
    app.add_middleware(Cors, origins=frozenset(origins))
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]  # FastAPI's own way to extend the document
    return app


def _routes() -> list[BaseRoute]:
    """Return all routes as their modules have built them.

    `include_router` would build each of them again, in every application, while the first request waits: 0.2 s.
    """
    modules = (  # tried one after another, so what is asked most often comes first
        items,
        side_files,
        playback,
        trickplay,
        chapters,
        watching,
        search,
        home,
        library,
        roots,
        logins,
        accounts,
        account_access,
        editing,
        metadata,
        jobs,
        queues,
        schedule,
        secrets,
        events,
        proof,
        health,
        setup,
    )
    routes = [route for module in modules for route in module.router.routes]
    for route in routes:
        if isinstance(route, APIRoute):
            route.unique_id = route.name
    return routes


def _document(app: FastAPI) -> dict[str, Any]:
    """Describe the routes as FastAPI sees them, and what they answer as msgspec encodes it."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            license_info=app.license_info,
            routes=app.routes,
        )
        _, schemas = msgspec.json.schema_components(STRUCTS, ref_template="#/components/schemas/{name}")
        document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
        add_links(document)
        describe_problems(document)
        app.openapi_schema = document
    return app.openapi_schema
