"""People watch while what plays to them is killed: playback goes on, and nothing is left behind."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.db import migrate
from app.db.embedded import EmbeddedPostgres
from tests.faults.conftest import SUMMARIES
from tests.faults.fleet import SOAK
from tests.faults.theatre import Theatre
from tests.fixtures.waiting import eventually

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(SOAK + 360),
    pytest.mark.skipif(not SOAK, reason="takes minutes; see make soak"),
]

AWAY = 60.0 if SOAK else 0.0
"""Seconds that PostgreSQL is away for, at least: longer than any lease. In short runs until somebody has noticed."""

VIEWERS = (12, 8) if SOAK else (3, 1)
"""By HLS, and of the file as it is."""


@pytest.fixture
async def theatre(
    own_postgres: EmbeddedPostgres, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Theatre]:
    await migrate.upgrade(own_postgres.conninfo)
    theatre = Theatre(own_postgres.conninfo, tmp_path)
    yield theatre
    theatre.end()
    SUMMARIES.append((request.node.name, theatre.summary))


async def take_postgresql_away(theatre: Theatre, postgres: EmbeddedPostgres) -> None:
    theatre.faults["PostgreSQL away"] += 1
    before = sum(viewer.told.total() for viewer in theatre.viewers)
    await postgres.stop()
    began = time.monotonic()
    await eventually(lambda: sum(viewer.told.total() for viewer in theatre.viewers) > before)
    await asyncio.sleep(max(AWAY - (time.monotonic() - began), 0.0))
    await postgres.start()


async def test_viewers_go_on_whatever_is_killed(theatre: Theatre, own_postgres: EmbeddedPostgres) -> None:
    await theatre.open(workers=2 if SOAK else 1, faces=2)
    theatre.watch(VIEWERS[0], direct=VIEWERS[1])
    await theatre.go_on()
    until = time.monotonic() + SOAK
    while True:
        faults = [theatre.kill_ffmpeg, theatre.kill_worker, theatre.kill_face]
        faults.append(lambda: take_postgresql_away(theatre, own_postgres))
        random.shuffle(faults)
        for fault in faults:
            await fault()
            await theatre.go_on()
        if time.monotonic() > until:
            break
    await theatre.close()
    await theatre.judge()
