"""Wiring of metadata: the way out, the sources, and what asks them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

from dishka import AnyOf, Provider, Scope, collect, provide

from app.config import Settings
from app.db.tx import Transactions
from app.jobs import IntervalSchedule, PeriodicJob
from app.jobs.worker import Worker
from app.library.ports import LibraryListener
from app.metadata.answers import Answers
from app.metadata.asking import Asking
from app.metadata.fetching import Fetcher
from app.metadata.gate import Gate
from app.metadata.identifying import Identifier
from app.metadata.images.downloader import ImageDownloader
from app.metadata.images.fetching import ImageFetcher
from app.metadata.images.requests import ImageRequests
from app.metadata.images.sweeping import StoreSweeper
from app.metadata.images.worker import DownloadImagesWorker
from app.metadata.jobs import RefreshMetadataArgs, RefreshTokensArgs
from app.metadata.keeping import Keeper
from app.metadata.listener import InsertFetchJobs
from app.metadata.orders import EpisodeOrders
from app.metadata.outbound import Outbound
from app.metadata.refreshing import Refresher
from app.metadata.registry import Registry
from app.metadata.service import MetadataService
from app.metadata.sources.coverartarchive import CoverArtArchive
from app.metadata.sources.musicbrainz import MusicBrainz
from app.metadata.sources.source import Source
from app.metadata.sources.tmdb import Tmdb
from app.metadata.sources.tvdb import Tvdb
from app.metadata.sources.tvmaze import TvMaze
from app.metadata.sources.wikidata import Wikidata
from app.metadata.tokens import Tokens
from app.metadata.workers import (
    FetchMetadataWorker,
    RefreshExternalIdsWorker,
    RefreshMetadataWorker,
    RefreshTokensWorker,
)
from app.observability import Metrics


class MetadataModule(Provider):
    """A new source is one line here: `name = provide(Class, provides=Source)`."""

    scope = Scope.APP

    tmdb = provide(Tmdb, provides=Source)
    tvmaze = provide(TvMaze, provides=Source)
    tvdb = provide(Tvdb, provides=Source)
    musicbrainz = provide(MusicBrainz, provides=Source)
    cover_art = provide(CoverArtArchive, provides=Source)
    wikidata = provide(Wikidata, provides=Source)
    sources = collect(Source, provides=Sequence[Source])

    tokens = provide(Tokens)
    answers = provide(Answers)
    asking = provide(Asking)
    registry = provide(Registry)
    keeper = provide(Keeper)
    fetcher = provide(Fetcher)
    identifier = provide(Identifier)
    refresher = provide(Refresher)
    service = provide(MetadataService)
    orders = provide(EpisodeOrders)
    listener = provide(InsertFetchJobs, provides=LibraryListener)
    fetch = provide(FetchMetadataWorker, provides=Worker[Any])
    external_ids = provide(RefreshExternalIdsWorker, provides=Worker[Any])
    refresh = provide(RefreshMetadataWorker, provides=Worker[Any])
    tokens_worker = provide(RefreshTokensWorker, provides=Worker[Any])
    image_requests = provide(ImageRequests, provides=AnyOf[ImageRequests, LibraryListener])
    image_fetcher = provide(ImageFetcher)
    image_downloader = provide(ImageDownloader)
    store_sweeper = provide(StoreSweeper)
    download_images = provide(DownloadImagesWorker, provides=Worker[Any])

    @provide
    async def outbound(self, settings: Settings) -> AsyncIterator[Outbound]:
        outbound = Outbound(settings.metadata.base_urls(), contact=settings.metadata.contact)
        yield outbound
        await outbound.close()

    @provide
    def gate(self, transactions: Transactions, metrics: Metrics) -> Gate:
        return Gate(transactions, asyncio.sleep, metrics)

    @provide
    def daily(self) -> PeriodicJob:
        return PeriodicJob(
            IntervalSchedule(timedelta(hours=24)),
            RefreshMetadataArgs,
            id="library.refresh_metadata",
            is_remembered=True,
        )

    @provide
    def every_quarter_of_an_hour(self) -> PeriodicJob:
        every = IntervalSchedule(timedelta(minutes=15))
        return PeriodicJob(every, RefreshTokensArgs, id="auth.refresh_tokens", is_remembered=True)
