"""Wiring of metadata: the way out, and the sources that use it."""

from collections.abc import AsyncIterator

from dishka import Provider, Scope, provide

from app.config import Settings
from app.metadata.outbound import Outbound


class MetadataModule(Provider):
    scope = Scope.APP

    @provide
    async def outbound(self, settings: Settings) -> AsyncIterator[Outbound]:
        outbound = Outbound(settings.metadata.base_urls(), contact=settings.metadata.contact)
        yield outbound
        await outbound.close()
