"""A mixed library as a client really works it: three kinds of library, three sources, one of them in trouble."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.catalog.browse import Catalog, ItemQuery
from app.jobs.errors import JobSnooze
from app.library.jobs import AnalyzeFileArgs, ReadSideFilesArgs, ScanLibraryArgs
from app.metadata.errors import SourceFailed
from tests.fixtures.clients import MakeClient
from tests.fixtures.media import Media
from tests.fixtures.metadata import MetadataBench
from tests.fixtures.outside import Asked, Reply
from tests.fixtures.providers import ARTIST, RELEASE, Providers, artist, film, release, show
from tests.fixtures.tree import WriteTree
from tests.fixtures.waiting import eventually
from tests.library.scan.test_music import Songs


@pytest.fixture
def songs(media: Media, tmp_path: Path) -> Songs:
    return Songs(media, tmp_path / "music")


async def shown(metadata: MetadataBench) -> dict[str, Any]:
    """Return what a viewer sees of each item, by kind and title."""
    page = await Catalog(metadata.transactions).items(LOCAL_ADMINISTRATOR, ItemQuery(limit=100))
    return {f"{item.kind} {item.title}": item for item in page.items}


async def test_a_mixed_library_before_and_after(
    metadata: MetadataBench, providers: Providers, make_client: MakeClient, tree: WriteTree, songs: Songs
) -> None:
    providers.films = [film(101, "The Lantern"), film(102, "The Lantern", "1955-01-01"), film(103, "Wick")]
    providers.shows = [show(82, "Harbour Lights")]
    providers.artists, providers.releases = [artist()], [release()]
    songs.write(
        "1.flac", title="wick 1", artist="Lamplighters", album="Paraffin", tracknumber="1",
        musicbrainz_artistid=ARTIST, musicbrainz_albumartistid=ARTIST, musicbrainz_albumid=RELEASE,
    )  # fmt: skip
    root = tree(
        {
            "films/The Lantern (1999)/The Lantern (1999).mkv": "a",
            "films/The Lantern/The Lantern.mkv": "b",  # which of the two, nobody can know
            "films/Wedding 2014.mkv": "c",
            "shows/Harbour Lights (2011)/Season 1/Harbour Lights - S01E01.mkv": "d",
        }
    )
    library = metadata.library
    ids = [
        await library.add(root / "films"),
        await library.add(root / "shows", name="Shows", kind="tvshows"),
        await library.add(songs.root, name="Music", kind="music"),
    ]
    # One source asks to wait at first: its job snoozes, spends no attempt, and comes again.
    refused = asyncio.Event()

    def once(asked: Asked) -> Reply:
        if not refused.is_set():
            refused.set()
            return Reply(503, b"", {"Retry-After": "1"})
        return providers.answer(asked)

    providers.outside.answers["/tvmaze/search/shows"] = once
    workers = [library._workers[args] for args in (ScanLibraryArgs, AnalyzeFileArgs, ReadSideFilesArgs)]
    client = make_client(*workers, *metadata.workers.values(), queues={"default": 5, "low": 2})
    await client.start()

    for library_id in ids:
        await library.request(library_id)
    await eventually(lambda: all_done(metadata))
    await client.stop()

    jobs = await library.rows(
        "SELECT kind, state::text, count(*), count(*) FILTER (WHERE errors IS NOT NULL) AS failed"
        " FROM river.river_job GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert {row["state"] for row in jobs} == {"completed"}, jobs
    assert {row["failed"] for row in jobs} == {0}
    assert {row["kind"] for row in jobs} >= {"library.scan", "library.analyze", "metadata.fetch"}
    snoozed = await library.rows("SELECT metadata FROM river.river_job WHERE metadata ? 'snoozes'")
    assert len(snoozed) >= 1

    after = await shown(metadata)
    assert {row["state"] for row in await metadata.match()} == {"matched", "doubtful", "unmatched"}
    assert after["series Harbour Lights"].plot == "Harbour Lights is a show."
    assert after["episode Part 1.1"].plot == "The tale of 1.1 & more."
    assert after["movie Wedding"].plot is None
    assert after["artist Lamplighters"].genres == ["rock", "folk rock"]  # tags say the name, MusicBrainz the rest
    assert after["album Paraffin"].studios == ["Wick Records"]


async def all_done(metadata: MetadataBench) -> bool:
    rows = await metadata.library.rows(
        "SELECT state::text FROM river.river_job"
        " UNION ALL SELECT 'waiting' FROM item WHERE kind = 'series' AND NOT EXISTS"
        " (SELECT FROM metadata_record WHERE item_id = item.id)"
    )
    return bool(rows) and {row["state"] for row in rows} <= {"completed", "cancelled", "discarded"}


async def test_a_source_that_is_down_costs_at_most_two_attempts_and_then_none(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    names = [f"Film {number} (199{number})" for number in range(6)]
    providers.outside.answers["/tmdb/search/movie"] = Reply(500, b"oops")
    await metadata.library.scan(await metadata.library.add(tree({f"{name}.mkv": name for name in names})))
    verdicts: list[str] = []
    for job in await metadata.claim():
        with pytest.raises((SourceFailed, JobSnooze)) as verdict:
            await metadata.workers[type(job.args)].work(job)
        verdicts.append(type(verdict.value).__name__)
    assert verdicts == ["SourceFailed"] * 2 + ["JobSnooze"] * 4
    assert len(providers.asked) == 3  # the third failure closed it, and the other three asked nobody
