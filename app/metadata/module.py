"""Wiring of metadata: the way out, and the sources that use it."""

import asyncio
from collections.abc import AsyncIterator

from dishka import Provider, Scope, provide

from app.config import Settings
from app.db.tx import Transactions
from app.metadata.answers import Answers
from app.metadata.asking import Asking
from app.metadata.gate import Gate
from app.metadata.outbound import Outbound


class MetadataModule(Provider):
    scope = Scope.APP

    answers = provide(Answers)
    asking = provide(Asking)

    @provide
    async def outbound(self, settings: Settings) -> AsyncIterator[Outbound]:
        outbound = Outbound(settings.metadata.base_urls(), contact=settings.metadata.contact)
        yield outbound
        await outbound.close()

    @provide
    def gate(self, transactions: Transactions) -> Gate:
        return Gate(transactions, asyncio.sleep)
