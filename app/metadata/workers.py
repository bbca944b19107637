"""How the kinds of this domain are worked, and what a source's trouble means for a job.

A source that asks to wait, or is down, costs no attempt: its jobs snooze until it may be asked. What nobody knows is
cancelled; it would be asked for in vain for ever.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from app.db.tx import Transactions, Tx
from app.jobs.completion import job_complete_tx
from app.jobs.driver.driver import Driver
from app.jobs.errors import JobCancel, JobSnooze
from app.jobs.job import Job
from app.jobs.worker import Worker
from app.metadata.answers import Answers
from app.metadata.errors import BrokenRecord, NotKnown, SourceWaits
from app.metadata.fetching import Fetcher
from app.metadata.identifying import Identifier
from app.metadata.jobs import FetchMetadataArgs, RefreshExternalIdsArgs, RefreshMetadataArgs, RefreshTokensArgs
from app.metadata.refreshing import Refresher
from app.metadata.registry import Registry
from app.metadata.tokens import KeyHolder, Tokens

LONGEST_QUEUE = timedelta(minutes=5)
"""How long a job that only waits for its turn sleeps at most."""


@asynccontextmanager
async def verdicts(job: Job[Any]) -> AsyncIterator[None]:
    """Turn a source's trouble into what the queue does about it."""
    try:
        yield
    except SourceWaits as err:
        raise JobSnooze(_patience(job, err)) from err
    except (NotKnown, BrokenRecord) as err:
        raise JobCancel(err) from err


def _patience(job: Job[Any], err: SourceWaits) -> timedelta:
    if not err.is_queue:
        return err.wait
    # Ten thousand songs and one a second: whoever has waited long looks less often, and not all at once.
    doubled = err.wait * 2.0 ** min(job.row.snoozes, 8)
    return min(doubled, LONGEST_QUEUE) * random.uniform(0.5, 1.0)


class FetchMetadataWorker(Worker[FetchMetadataArgs]):
    """Asks one source about one item; or, without a provider, finds out which source calls it what."""

    def __init__(self, identifier: Identifier, fetcher: Fetcher, driver: Driver) -> None:
        self._identifier = identifier
        self._fetcher = fetcher
        self._driver = driver

    def timeout(self, job: Job[FetchMetadataArgs]) -> timedelta:  # noqa: ARG002  a few requests, each with its own
        return timedelta(minutes=1)

    async def work(self, job: Job[FetchMetadataArgs]) -> None:
        async def complete(tx: Tx) -> None:
            await job_complete_tx(self._driver, tx.connection, job)

        async with verdicts(job):
            if job.args.provider:
                await self._fetcher.fetch(job.args, complete)
            else:
                await self._identifier.identify(job.args.item_id, complete)


class RefreshExternalIdsWorker(Worker[RefreshExternalIdsArgs]):
    def __init__(self, refresher: Refresher, driver: Driver) -> None:
        self._refresher = refresher
        self._driver = driver

    def timeout(self, job: Job[RefreshExternalIdsArgs]) -> timedelta:  # noqa: ARG002  as above
        return timedelta(minutes=1)

    async def work(self, job: Job[RefreshExternalIdsArgs]) -> None:
        async def complete(tx: Tx) -> None:
            await job_complete_tx(self._driver, tx.connection, job)

        async with verdicts(job):
            await self._refresher.cross_walk(job.args.item_id, complete)


class RefreshMetadataWorker(Worker[RefreshMetadataArgs]):
    """Asks for what is due, and forgets answers that may not be kept any longer."""

    def __init__(self, refresher: Refresher, answers: Answers, transactions: Transactions, driver: Driver) -> None:
        self._refresher = refresher
        self._answers = answers
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[RefreshMetadataArgs]) -> timedelta:  # noqa: ARG002  a million items in batches
        return timedelta(minutes=10)

    async def work(self, job: Job[RefreshMetadataArgs]) -> None:
        asked = await self._refresher.refresh(job.args)
        job.record_output({**asked, "answers_forgotten": await self._answers.forget()})
        async with self._transactions.begin() as tx:
            await job_complete_tx(self._driver, tx.connection, job)


class RefreshTokensWorker(Worker[RefreshTokensArgs]):
    """One at a time by its uniqueness, and each source's token by a lock on its row."""

    def __init__(self, tokens: Tokens, registry: Registry, transactions: Transactions, driver: Driver) -> None:
        self._tokens = tokens
        self._holders = [source for source in registry.all if isinstance(source, KeyHolder)]
        self._transactions = transactions
        self._driver = driver

    def timeout(self, job: Job[RefreshTokensArgs]) -> timedelta:  # noqa: ARG002  a login for each source
        return timedelta(minutes=5)

    async def work(self, job: Job[RefreshTokensArgs]) -> None:
        async with verdicts(job):
            job.record_output(await self._tokens.refresh(self._holders))
        async with self._transactions.begin() as tx:
            await job_complete_tx(self._driver, tx.connection, job)
