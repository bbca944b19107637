"""What the catalogue offers to the container."""

from collections.abc import AsyncIterator
from typing import Any

from dishka import AnyOf, Provider, Scope, provide

from app.catalog.beside import Beside
from app.catalog.browse import Catalog
from app.catalog.home import HomePage
from app.catalog.index.indexer import Indexer
from app.catalog.index.jobs import RebuildIndexArgs
from app.catalog.index.requests import IndexRequests
from app.catalog.index.workers import IndexItemsWorker, RebuildIndexWorker
from app.catalog.people import People
from app.catalog.postgres_search import PostgresSearch
from app.catalog.searching import Search, SearchEngine
from app.catalog.typesense.exporting import TypesenseExporter
from app.catalog.typesense.requests import TypesenseRequests
from app.catalog.typesense.search import TypesenseSearch
from app.catalog.typesense.server import TypesenseServer
from app.catalog.typesense.workers import TypesenseItemsWorker, TypesenseRebuildWorker
from app.catalog.upkeep import SearchUpkeep
from app.catalog.watching import Watching
from app.clock import Clock
from app.config import Settings
from app.db.tx import Transactions
from app.jobs import PeriodicJob, cron
from app.jobs.worker import Worker
from app.library.ports import LibraryListener
from app.metadata.outbound import Outbound


class CatalogModule(Provider):
    """What is asked. Needs nothing but the database."""

    scope = Scope.APP

    catalog = provide(Catalog)
    beside = provide(Beside)
    people = provide(People)
    search = provide(Search)
    home = provide(HomePage)
    watching = provide(Watching)
    upkeep = provide(SearchUpkeep)
    postgres = provide(PostgresSearch)

    @provide
    async def typesense(self, settings: Settings) -> AsyncIterator[TypesenseServer | None]:
        own = settings.search.typesense
        if own.url is None or own.api_key is None:
            yield None
            return
        outbound = Outbound([own.url])
        yield TypesenseServer(outbound, own.url, own.api_key.get_secret_value(), own.timeout)
        await outbound.close()

    @provide
    def engine(
        self, postgres: PostgresSearch, server: TypesenseServer | None, settings: Settings, clock: Clock
    ) -> SearchEngine:
        if server is None:
            return postgres
        return TypesenseSearch(server, settings.search.typesense.collection, postgres, clock)


class IndexModule(Provider):
    """What keeps that up with the library."""

    scope = Scope.APP

    indexer = provide(Indexer)
    requests = provide(IndexRequests, provides=AnyOf[IndexRequests, LibraryListener])
    index_items = provide(IndexItemsWorker, provides=Worker[Any])
    rebuild_index = provide(RebuildIndexWorker, provides=Worker[Any])
    typesense_requests = provide(TypesenseRequests)
    typesense_items = provide(TypesenseItemsWorker, provides=Worker[Any])
    typesense_rebuild = provide(TypesenseRebuildWorker, provides=Worker[Any])

    @provide
    def exporter(
        self,
        server: TypesenseServer | None,
        settings: Settings,
        transactions: Transactions,
        requests: TypesenseRequests,
    ) -> TypesenseExporter | None:
        if server is None:
            return None
        return TypesenseExporter(server, settings.search.typesense.collection, transactions, requests)

    @provide
    def nightly(self, settings: Settings) -> PeriodicJob:
        return PeriodicJob(
            cron(settings.operations.nightly), RebuildIndexArgs, id="catalog.rebuild_index", run_on_start=True
        )
