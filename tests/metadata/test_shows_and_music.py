"""Shows and music: what is below what is matched follows it, and what comes later too."""

from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media
from tests.fixtures.metadata import MetadataBench
from tests.fixtures.providers import ARTIST, GROUP, RELEASE, Providers, artist, group, release, show
from tests.fixtures.tree import WriteTree
from tests.library.scan.test_music import Songs

EPISODES = """
    SELECT parent.number AS season, item.number, item.title, item.title_source, text.plot
    FROM item JOIN item parent ON parent.id = item.parent_id
    LEFT JOIN item_text text ON text.item_id = item.id AND text.source = 'metadata'
    WHERE item.kind = 'episode' ORDER BY parent.number, item.number
"""


def files(*numbers: str, name: str = "Harbour Lights (2011)") -> dict[str, str]:
    return {f"{name}/Season {n[2]}/{name} - {n}.mkv": n for n in numbers}


async def shelved(metadata: MetadataBench, root: Path) -> Any:
    library_id = await metadata.library.add(root, kind="tvshows", name="Shows")
    await metadata.library.scan(library_id)
    return library_id


async def test_a_series_brings_its_seasons_and_episodes(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    providers.shows = [show(82, "Harbour Lights"), show(83, "Harbour Lights", "1988-01-01")]
    await shelved(metadata, tree(files("S01E01", "S01E02", "S02E03", "S02E09")))

    assert await metadata.work() == ["completed", "completed"]

    rows = [tuple(row.values()) for row in await metadata.library.rows(EPISODES)]
    assert rows == [
        (1, 1, "Part 1.1", "metadata", "The tale of 1.1 & more."),
        (1, 2, "Part 1.2", "metadata", "The tale of 1.2 & more."),
        (2, 3, "Part 2.3", "metadata", "The tale of 2.3 & more."),
        (2, 9, "Episode 9", "name", None),
    ]
    (series,) = await metadata.library.rows("SELECT title, year FROM item WHERE kind = 'series'")
    assert tuple(series.values()) == ("Harbour Lights", 2011)
    ids = await metadata.library.rows(
        "SELECT provider, value FROM external_id JOIN item ON item.id = item_id WHERE kind = 'series' ORDER BY 1"
    )
    assert ("tvdb", "182") in [tuple(row.values()) for row in ids]


async def test_an_episode_that_comes_later_is_told_of_too_and_one_nobody_knows_is_asked_for_once(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    providers.shows = [show(82, "Harbour Lights")]
    root = tree(files("S01E01"))
    library_id = await shelved(metadata, root)
    await metadata.work()
    asked = len(providers.asked)
    for name, content in files("S02E01", "S02E09").items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)

    await metadata.library.scan(library_id)
    assert await metadata.work() == ["completed"]

    rows = [tuple(row.values())[1:4] for row in await metadata.library.rows(EPISODES)]
    assert rows == [(1, "Part 1.1", "metadata"), (1, "Part 2.1", "metadata"), (9, "Episode 9", "name")]
    await metadata.library.scan(library_id, full=True)
    assert await metadata.work() == []
    assert len(providers.asked) == asked  # all of it was in the first answer


async def test_the_right_one_of_two_countries(metadata: MetadataBench, providers: Providers, tree: WriteTree) -> None:
    british = show(90, "The Desk", "2001-07-09", network={"name": "Two", "country": {"code": "GB", "name": ""}})
    providers.shows = [british, show(91, "The Desk", "2005-03-24")]
    await shelved(metadata, tree({"The Desk (US)/Season 1/The Desk (US) - S01E01.mkv": "x"}))
    await metadata.work()
    assert (await metadata.match())["external_id"] == "91"


@pytest.fixture
def songs(media: Media, tmp_path: Path) -> Songs:
    return Songs(media, tmp_path / "music")


async def tagged(library: LibraryBench, songs: Songs) -> None:
    library_id = await library.add(songs.root, kind="music", name="Music")
    await library.scan(library_id)
    await library.analyze()


async def test_tags_that_say_who_it_is_are_orders(metadata: MetadataBench, providers: Providers, songs: Songs) -> None:
    providers.artists, providers.releases = [artist()], [release()]
    for n in (1, 2):
        songs.write(
            f"{n}.flac", title=f"wick {n}", artist="Lamplighters", album="Paraffin", tracknumber=str(n),
            musicbrainz_artistid=ARTIST, musicbrainz_albumartistid=ARTIST, musicbrainz_albumid=RELEASE,
        )  # fmt: skip
    await tagged(metadata.library, songs)

    assert set(await metadata.work()) == {"completed"}

    matches = await metadata.match()
    assert {(one["decided_by"], one["external_id"]) for one in matches} == {
        ("id", ARTIST), ("id", f"release:{RELEASE}"),
    }  # fmt: skip
    assert not any("query" in path or "?" in path for path in providers.asked)
    labels = await metadata.library.rows(
        "SELECT item.kind, label.kind AS label, label.name FROM item_label link JOIN label ON label.id = link.label_id"
        " JOIN item ON item.id = link.item_id ORDER BY 1, 2, link.position"
    )
    said = [tuple(row.values()) for row in labels]
    assert ("artist", "genre", "rock") in said
    assert ("album", "studio", "Wick Records") in said
    ids = await metadata.library.rows("SELECT value FROM external_id WHERE provider = 'musicbrainz_recording'")
    assert len(ids) == 2
    assert "seen live" not in str(said)


async def test_an_album_without_ids_is_searched_by_its_artist(
    metadata: MetadataBench, providers: Providers, songs: Songs
) -> None:
    other = "e1392450-e666-3926-a536-22c65f834433"
    providers.artists = [artist()]
    providers.groups = [group(other, "Paraffin", "Somebody Else"), group()]
    songs.write("1.flac", title="Wick 1", artist="The Lamplighters", album="Paraffin", tracknumber="1")
    await tagged(metadata.library, songs)
    await metadata.work()
    assert {one["external_id"] for one in await metadata.match()} == {ARTIST, GROUP}
