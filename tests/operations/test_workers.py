"""The scheduled kinds as the queue works them: their rows say what was done."""

import pytest

from app.accounts.roles import Role
from app.config import Settings
from app.events.log import EventLog
from app.jobs.client import Client
from app.jobs.inserter import Inserter
from app.jobs.job import Job
from app.jobs.types import JobState
from app.metadata.answers import Answers
from app.observability import Metrics
from app.operations.cleanup import SessionSweeper
from app.operations.jobs import CleanUpSessionsArgs, MaintainDatabaseArgs
from app.operations.maintenance import DatabaseMaintenance
from app.operations.workers import CleanUpSessionsWorker, MaintainDatabaseWorker
from app.playback.ahead.files import FilesAhead
from app.playback.chapters.service import ChapterStore
from app.playback.streaming.service import PlaybackService
from app.playback.sweeping import PlaybackSweeper
from app.playback.transcoding.store import SegmentStore
from app.playback.trickplay.service import SheetStore
from tests.fixtures.accounts import Accounts


@pytest.fixture
def sweeper(accounts: Accounts, transactions, driver, tmp_path):
    settings = Settings(data_dir=tmp_path)
    return SessionSweeper(
        transactions,
        accounts=accounts.service,
        logins=accounts.logins,
        media_tokens=accounts.media,
        limiter=accounts.limiter,
        events=EventLog(transactions, driver),
        playback=PlaybackSweeper(
            transactions,
            PlaybackService([], Client(driver).inserter, settings),
            SegmentStore(settings),
            files=FilesAhead(transactions),
            sheets=SheetStore(settings),
            chapters=ChapterStore(settings),
        ),
    )


async def test_what_is_worth_nothing_any_more_is_swept(accounts, sweeper):
    async with accounts.transactions.begin() as tx:
        await accounts.service.first_code(tx)
    await accounts.make("Ada", Role.ADMINISTRATOR)
    await accounts.log_in("Ada")
    await accounts.limiter.count([])
    with pytest.raises(Exception, match="no such name"):
        await accounts.log_in("Ada", "guess guess")
    assert set((await sweeper.sweep()).values()) == {0}

    accounts.wait(days=62)

    swept = {"attempt_limits": 3, "logins": 1, "media_tokens": 0, "codes": 1, "events": 0}
    assert await sweeper.sweep() == swept | {
        "playbacks": 0,
        "transcodes": 0,
        "segment_folders": 0,
        "trickplay_folders": 0,
        "chapter_folders": 0,
    }
    assert set((await sweeper.sweep()).values()) == {0}


@pytest.fixture
def maintenance(database, transactions, clock, store_sweeper):
    answers = Answers(transactions)
    return DatabaseMaintenance(database.engine, transactions, Settings(), clock, answers=answers, store=store_sweeper)


@pytest.fixture
def workers(sweeper, maintenance, transactions, driver):
    return [
        (CleanUpSessionsWorker(sweeper, transactions, driver), CleanUpSessionsArgs(), "logins"),
        (MaintainDatabaseWorker(maintenance, transactions, driver), MaintainDatabaseArgs(), "health"),
    ]


async def test_both_kinds_complete_with_a_report_on_their_rows(workers, driver, clock, factory):
    inserter = Inserter(driver, None, clock, metrics=Metrics())
    for worker, args, key in workers:
        await inserter.insert(args)
        (row,) = await driver.job_get_available(queue="scheduled", client_id="me", limit=1)
        await worker.work(Job(row, args))
        done = await factory.read(row.id)
        assert done.state == JobState.COMPLETED
        assert key in done.metadata_value()["output"]
