"""Every module, named once. A forgotten constructor or a circle is found here, before anything starts."""

from dishka import STRICT_VALIDATION, AsyncContainer, Provider, Scope, from_context, make_async_container, provide

from app.accounts.module import AccountsModule
from app.catalog.module import CatalogModule, IndexModule
from app.clock import Clock, SystemClock
from app.config import Settings
from app.db.module import DbModule
from app.db.server import DatabaseServer
from app.events.module import EventsModule
from app.jobs.driver.driver import Driver
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.module import JobsModule
from app.library.module import LibraryModule
from app.lifecycle import Lifecycle
from app.metadata.module import MetadataModule
from app.observability import Metrics
from app.operations.module import OperationsModule
from app.playback.module import PlaybackModule
from app.vault.module import VaultModule
from app.web.module import WebModule


class ProcessModule(Provider):
    """What belongs to the process as a whole, and the one seam between strangers: the queue's own connections."""

    scope = Scope.APP

    settings = from_context(Settings)
    lifecycle = from_context(Lifecycle)
    clock = provide(SystemClock, provides=Clock)

    @provide
    def metrics(self) -> Metrics:
        metrics = Metrics()
        metrics.add_process()
        return metrics

    @provide
    def driver(self, server: DatabaseServer, settings: Settings) -> PsycopgDriver:
        return PsycopgDriver(lambda: server.conninfo, settings.jobs.schema)

    @provide
    def as_driver(self, driver: PsycopgDriver) -> Driver:
        return driver


def build_container(settings: Settings, *, work: bool) -> AsyncContainer:
    """Wire everything. Nothing is made before it is asked for, and nothing starts by being made.

    Args:
        settings: the whole tree; every module reads its own branch.
        work: whether this process works jobs; without, its client only inserts.
    """
    return make_async_container(
        ProcessModule(),
        DbModule(),
        JobsModule(work=work),
        VaultModule(),
        AccountsModule(),
        LibraryModule(),
        MetadataModule(),
        PlaybackModule(),
        CatalogModule(),
        IndexModule(),
        EventsModule(),
        OperationsModule(),
        WebModule(),
        context={Settings: settings, Lifecycle: Lifecycle(start_timeout=180, stop_timeout=60)},
        validation_settings=STRICT_VALIDATION,
    )
