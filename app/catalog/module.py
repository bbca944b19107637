"""What the catalogue offers to the container."""

from typing import Any

from dishka import AnyOf, Provider, Scope, provide

from app.catalog.beside import Beside
from app.catalog.browse import Catalog
from app.catalog.home import HomePage
from app.catalog.index.indexer import Indexer
from app.catalog.index.jobs import RebuildIndexArgs
from app.catalog.index.requests import IndexRequests
from app.catalog.index.workers import IndexItemsWorker, RebuildIndexWorker
from app.catalog.postgres_search import PostgresSearch
from app.catalog.searching import Search, SearchEngine
from app.catalog.watching import Watching
from app.config import Settings
from app.jobs import PeriodicJob, cron
from app.jobs.worker import Worker
from app.library.ports import LibraryListener


class CatalogModule(Provider):
    """What is asked. Needs nothing but the database."""

    scope = Scope.APP

    catalog = provide(Catalog)
    beside = provide(Beside)
    search = provide(Search)
    home = provide(HomePage)
    watching = provide(Watching)
    engine = provide(PostgresSearch, provides=SearchEngine)


class IndexModule(Provider):
    """What keeps that up with the library."""

    scope = Scope.APP

    indexer = provide(Indexer)
    requests = provide(IndexRequests, provides=AnyOf[IndexRequests, LibraryListener])
    index_items = provide(IndexItemsWorker, provides=Worker[Any])
    rebuild_index = provide(RebuildIndexWorker, provides=Worker[Any])

    @provide
    def nightly(self, settings: Settings) -> PeriodicJob:
        return PeriodicJob(
            cron(settings.operations.nightly), RebuildIndexArgs, id="catalog.rebuild_index", run_on_start=True
        )
