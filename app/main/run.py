"""What a node runs, and in which order: PostgreSQL first and last, then what needs it, the web face on top."""

from dishka import AsyncContainer

from app.accounts.first import FirstAccount
from app.config import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from app.db.server import DatabaseServer
from app.events.hub import EventHub
from app.jobs.client import Client
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.library.artwork.rendering.renderer import Renderer
from app.library.artwork.renditions import Renditions
from app.library.probing.prober import Prober
from app.library.watching.watcher import LibraryWatcher
from app.lifecycle import Hook, Lifecycle, settle_memory
from app.main.container import build_container
from app.playback.ffmpeg.binary import FfmpegBinary
from app.vault.vault import Vault
from app.web.running import Announcement
from app.web.server import WebServer


async def serve(settings: Settings, *, work: bool) -> None:
    """Run the web face, and the workers unless told otherwise, until a signal.

    Raises:
        AppError: something did not start, for a reason told; everything that had started was stopped.
    """
    await _run(settings, work=work and settings.jobs.enabled, web=True)


async def work(settings: Settings) -> None:
    """Run workers only, until a signal."""
    await _run(settings, work=settings.jobs.enabled, web=False)


async def _run(settings: Settings, *, work: bool, web: bool) -> None:
    container = build_container(settings, work=work)
    try:
        lifecycle = await container.get(Lifecycle)
        await invoke_database(container, lifecycle, settings)
        vault = await container.get(Vault)
        lifecycle.append(Hook("secrets", vault.start))
        # Without workers too: it takes pictures out of media files for the web face.
        prober = await container.get(Prober)
        lifecycle.append(Hook("prober", prober.start, prober.stop))
        renderer, renditions = await container.get(Renderer), await container.get(Renditions)
        lifecycle.append(Hook("renderer", renderer.start, renderer.stop))
        lifecycle.append(Hook("renditions", on_stop=renditions.stop))
        # The web face takes fonts out of films with it; that it works is asked at the start by those who convert.
        ffmpeg = await container.get(FfmpegBinary)
        lifecycle.append(Hook("ffmpeg", ffmpeg.start if work else None, ffmpeg.stop))
        client = await container.get(Client)
        lifecycle.append(Hook("jobs", client.start, client.stop))
        if work:
            watcher = await container.get(LibraryWatcher)
            lifecycle.append(Hook("watcher", watcher.start, watcher.stop))
        if web:
            server, first = await container.get(WebServer), await container.get(FirstAccount)
            lifecycle.append(Hook("first account", first.make_configured))
            hub = await container.get(EventHub)
            lifecycle.append(Hook("events", hub.start, hub.stop))
            lifecycle.append(Hook("web", server.start, server.stop))
            announcement = await container.get(Announcement)
            told = Hook("announcement", lambda: announcement.tell(server.host, server.port), announcement.take_back)
            lifecycle.append(told)
            lifecycle.append(Hook("first link", lambda: first.announce(server.url)))
        lifecycle.append(Hook("memory", settle_memory))
        await lifecycle.run()
    finally:
        await container.close()


async def invoke_database(container: AsyncContainer, lifecycle: Lifecycle, settings: Settings) -> None:
    """Append what everything stands on: the server, its tables, the domains' pool and the queue's own."""
    server = await container.get(DatabaseServer)
    lifecycle.append(Hook("postgres", server.start, server.stop))
    lifecycle.append(Hook("migrations", lambda: upgrade(server.conninfo, settings.jobs.schema)))
    database = await container.get(Database)
    lifecycle.append(Hook("database", database.start, database.stop))
    driver = await container.get(PsycopgDriver)
    lifecycle.append(Hook("driver", driver.open, driver.close))
