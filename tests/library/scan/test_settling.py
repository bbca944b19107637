"""What is being written waits: nothing is recorded, and nothing probed, until it has been left alone for a while."""

import os
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.db.tx import Transactions
from app.library.jobs import AwaitSettledArgs, ScanLibraryArgs
from tests.fixtures.library import LibraryBench, bench_settings
from tests.fixtures.tree import WriteTree

HOUR = 3600
WAIT = timedelta(minutes=10)


@pytest.fixture
async def patient(
    transactions: Transactions, driver: Any, connection: psycopg.AsyncConnection[Any]
) -> AsyncIterator[LibraryBench]:
    """A library that waits ten minutes."""
    bench = LibraryBench(transactions, driver, connection, bench_settings(settle_after=WAIT))
    await bench.prober.start()
    yield bench
    await bench.prober.stop()


def age(path: Path, seconds: float) -> None:
    at = time.time() - seconds
    os.utime(path, (at, at))


async def let_wait_be_over(library: LibraryBench) -> None:
    """Turn the database's clock, as it were: what waits is due."""
    await library.connection.execute("UPDATE scan_request SET not_before = now()")
    await library.connection.execute(
        "UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled'"
    )


async def test_a_file_being_written_is_recorded_when_that_is_over(patient: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Alien (1979)/Alien (1979).mkv": "done", "Heat (1995)/Heat (1995).mkv": "half"})
    film = root / "Heat (1995)" / "Heat (1995).mkv"
    age(root / "Alien (1979)" / "Alien (1979).mkv", HOUR)
    films = await patient.add(root)

    first = await patient.scan(films)
    (waiting,) = await patient.jobs(AwaitSettledArgs.kind)
    film.write_text("half and half")
    age(film, HOUR)
    await let_wait_be_over(patient)
    (job,) = await patient.claim(AwaitSettledArgs)
    await patient.work(job)
    (scan,) = await patient.claim(ScanLibraryArgs)
    second = (await patient.work(scan)).metadata_value()["output"]

    assert (first["outcome"], first["added"], first["pending"], first["analyses_requested"]) == ("completed", 1, 1, 1)
    assert waiting["state"] == "scheduled"
    assert scan.args.requested_only
    assert (second["added"], second["pending"], second["folders"]) == (1, 0, 1)
    rows = await patient.rows("SELECT size FROM file WHERE display_path LIKE 'Heat%%'")
    assert rows == [{"size": len("half and half")}]
    assert await patient.rows("SELECT FROM scan_request") == []


async def test_what_goes_on_being_written_goes_on_waiting(patient: LibraryBench, tree: WriteTree) -> None:
    films = await patient.add(tree({"Heat (1995)/Heat (1995).mkv": "half"}))
    await patient.scan(films)

    for _ in range(2):
        await let_wait_be_over(patient)
        (job,) = await patient.claim(AwaitSettledArgs)
        await patient.work(job)
        result = await patient.work_scan()
        assert (result["added"], result["pending"]) == (0, 1)
        (request,) = await patient.rows("SELECT not_before > now() AS later FROM scan_request")
        assert request["later"]

    assert await patient.files() == {}
    assert await patient.jobs("library.analyze") == []


async def test_waiting_too_early_waits_on(patient: LibraryBench, tree: WriteTree) -> None:
    """Another file's wait may have brought the job; it sleeps until the next is due."""
    films = await patient.add(tree({"Heat (1995)/Heat (1995).mkv": "half"}))
    await patient.scan(films)
    await patient.connection.execute(
        "UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state = 'scheduled'"
    )
    (job,) = await patient.claim(AwaitSettledArgs)

    with pytest.raises(Exception, match="snooze") as snoozed:
        await patient.work(job)

    assert timedelta(0) < snoozed.value.duration <= WAIT  # type: ignore[attr-defined]


async def test_a_recorded_file_stays_what_it_was_while_it_is_rewritten(patient: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Heat (1995)/Heat (1995).mkv": "whole"})
    film = root / "Heat (1995)" / "Heat (1995).mkv"
    age(film, HOUR)
    films = await patient.add(root)
    await patient.scan(films)
    before = await patient.rows("SELECT id, size, mtime_ns, state FROM file")
    film.write_text("being written anew")

    result = await patient.scan(films)

    assert (result["changed"], result["pending"], result["missing"]) == (0, 1, 0)
    assert await patient.rows("SELECT id, size, mtime_ns, state FROM file") == before
    assert len(await patient.jobs("library.analyze")) == 1


async def test_others_in_its_folder_are_recorded_lost_and_found_meanwhile(
    patient: LibraryBench, tree: WriteTree
) -> None:
    root = tree({"Shelf/A (2001).mkv": "a", "Shelf/B (2002).mkv": "bb"})
    for name in ("A (2001).mkv", "B (2002).mkv"):
        age(root / "Shelf" / name, HOUR)
    films = await patient.add(root)
    await patient.scan(films)
    tree({"Shelf/C (2003).mkv": "half", "Shelf/D (2004).mkv": "dddd"})
    age(root / "Shelf" / "D (2004).mkv", HOUR)
    (root / "Shelf" / "A (2001).mkv").unlink()

    result = await patient.scan(films)

    assert (result["added"], result["pending"], result["missing"]) == (1, 1, 1)
    assert await patient.files() == {
        "Shelf/A (2001).mkv": "missing", "Shelf/B (2002).mkv": "present", "Shelf/D (2004).mkv": "present",
    }  # fmt: skip


async def test_a_clock_that_is_ahead_keeps_nothing_out(patient: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Heat (1995)/Heat (1995).mkv": "from a disk whose clock is ahead"})
    age(root / "Heat (1995)" / "Heat (1995).mkv", -HOUR)

    result = await patient.scan(await patient.add(root))

    assert (result["added"], result["pending"]) == (1, 0)
