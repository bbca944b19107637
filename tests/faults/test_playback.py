"""People watch while what plays to them is killed: playback goes on, and nothing is left behind."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.db import migrate
from app.db.embedded import EmbeddedPostgres
from tests.faults.conftest import SUMMARIES
from tests.faults.fleet import SOAK
from tests.faults.theatre import SECONDS, Theatre
from tests.fixtures.waiting import eventually

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(SOAK + 600),
    pytest.mark.skipif(not SOAK, reason="takes minutes; see make soak"),
]

AWAY = 60.0 if SOAK else 0.0
"""Seconds that PostgreSQL is away for, at least: longer than any lease. In short runs until somebody has noticed."""

VIEWERS = (12, 8) if SOAK else (3, 1)
"""By HLS, and of the file as it is."""


LENGTH = 1200 if SOAK else SECONDS
"""Seconds of film: more than is made in minutes, for of what has all been made nobody's maker can be killed."""


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
    await theatre.open(workers=2 if SOAK else 1, faces=2, seconds=LENGTH)
    theatre.take_inventory("before")
    theatre.watch(VIEWERS[0], direct=VIEWERS[1])
    await theatre.go_on()
    until = time.monotonic() + SOAK
    faults = [theatre.kill_ffmpeg, theatre.kill_worker, theatre.kill_face]
    faults.append(lambda: take_postgresql_away(theatre, own_postgres))
    while sum(theatre.faults.values()) < len(faults) or time.monotonic() < until:
        random.shuffle(faults)
        for fault in faults:
            await fault()
            await theatre.go_on()
            if sum(theatre.faults.values()) >= len(faults) and time.monotonic() > until:
                break
    await theatre.close()
    await theatre.judge()
    theatre.take_inventory("after")


JOBS = """
    SELECT id, state::text, attempt, coalesce(cardinality(errors), 0) AS errors,
        errors[cardinality(errors)] ->> 'error' AS said, args ->> 'profile' AS profile, metadata -> 'output' AS output
    FROM river.river_job WHERE kind = 'media.transcode' AND args ->> 'profile' LIKE 'video%' ORDER BY id
"""


async def test_rows_of_a_transcode_that_is_sent_elsewhere_killed_brought_back_and_stopped(theatre: Theatre) -> None:
    await theatre.open(workers=2, rate=2)
    told: list[str] = []

    async def jobs(moment: str = "") -> list[dict[str, Any]]:
        found = await theatre.rows(JOBS)
        if moment:
            told.extend(
                f"{moment}: job {row['id']} {row['profile'][:10]} {row['state']}, attempt {row['attempt']},"
                f" errors {row['errors']} ({row['said'] or '-'}), output {row['output']}"
                for row in found
            )
        return found

    async def segment(playing: dict[str, Any], number: int) -> None:
        answer = await theatre.answer("GET", f"/api/v1/playback/{playing['id']}/v0/{number:05}.m4s")
        assert answer.is_success, answer.text

    playing = await theatre.begin(allow_copy=False)
    await segment(playing, 0)
    (first,) = await jobs("at work")
    assert (first["state"], first["attempt"]) == ("running", 1)

    await segment(playing, 20)
    (same,) = await jobs("sent elsewhere")
    assert (same["id"], same["state"], same["attempt"]) == (first["id"], "running", 1)

    await theatre.kill_ffmpeg()

    async def has_failed() -> bool:
        return (await jobs())[0]["errors"] == 1

    await eventually(has_failed)
    await jobs("FFmpeg killed")
    await segment(playing, 8)
    await jobs("brought back")

    await theatre.kill_worker()
    await segment(playing, 14)
    await jobs("its node killed, and played on by the other")

    await theatre.ask("DELETE", f"/api/v1/playback/{playing['id']}")
    await theatre.close()
    ended = await jobs("stopped")
    assert {row["state"] for row in ended} == {"completed"}
    assert sum(row["errors"] for row in ended) >= 1
    await theatre.judge()
    SUMMARIES.append(("rows of a transcode", "".join(f"\n  {line}" for line in told)))
