"""What the web face offers to the container."""

from collections.abc import Sequence

from dishka import AsyncContainer, Provider, Scope, provide
from fastapi import FastAPI

from app.accounts.first import FirstAccount
from app.accounts.local import LocalCredential
from app.clock import Clock
from app.config import Settings
from app.lifecycle import Lifecycle
from app.observability import Metrics
from app.web.application import create_app
from app.web.authentication import Authenticator
from app.web.disk import Disk
from app.web.media_bytes import MediaBytes
from app.web.pictures import Pictures
from app.web.probes import Probes
from app.web.rates import RequestLimits
from app.web.readiness import Probe
from app.web.running import Announcement
from app.web.server import WebServer


class WebModule(Provider):
    scope = Scope.APP

    probes = provide(Probes)
    authenticator = provide(Authenticator)
    pictures = provide(Pictures)

    @provide
    def announcement(self, settings: Settings, credential: LocalCredential) -> Announcement:
        return Announcement(settings, credential.token)

    @provide
    def all_probes(self, probes: Probes) -> Sequence[Probe]:
        return probes.all()

    @provide
    def disk(self) -> Disk:
        return Disk()

    @provide
    def media(self, disk: Disk, lifecycle: Lifecycle, clock: Clock) -> MediaBytes:
        return MediaBytes(disk, lifecycle.stopping, clock)

    @provide
    def limits(self, settings: Settings) -> RequestLimits:
        return RequestLimits(settings.http)

    @provide
    def application(
        self, container: AsyncContainer, metrics: Metrics, settings: Settings, limits: RequestLimits
    ) -> FastAPI:
        http = settings.http
        return create_app(container, metrics, http.names, origins=http.cors_origins, limits=limits)

    @provide
    def server(
        self, app: FastAPI, settings: Settings, lifecycle: Lifecycle, disk: Disk, first: FirstAccount
    ) -> WebServer:
        return WebServer(app, settings.http, lifecycle, disk, first.is_made)
