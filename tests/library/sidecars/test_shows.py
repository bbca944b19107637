"""Series, seasons and episodes with what lies beside them."""

import pytest

from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media
from tests.fixtures.tree import WriteTree

SERIES = """<tvshow><title>Harbour Lights</title><plot>People meet ships.</plot><status>Ended</status>
<genre>Drama</genre><uniqueid type="tvdb">73739</uniqueid>
<actor><name>Lead</name><role>Captain</role></actor></tvshow>"""

TWO = """<episodedetails><title>Leaving</title><season>1</season><episode>3</episode>
<plot>They go.</plot></episodedetails>
<episodedetails><title>Arriving</title><season>1</season><episode>2</episode>
<plot>They come.</plot></episodedetails>"""


@pytest.fixture
def picture(media: Media) -> bytes:
    path = media.make("poster.png", "-f", "lavfi", "-i", "color=c=blue:size=20x30", "-frames:v", "1", "-c:v", "png")
    return path.read_bytes()


async def told(library: LibraryBench) -> list[tuple[object, ...]]:
    rows = await library.rows(
        "SELECT item.kind, item.number, item.title, text.plot FROM item"
        " LEFT JOIN item_text text ON text.item_id = item.id"
        " ORDER BY array_position(ARRAY['series', 'season', 'episode'], item.kind), item.number, item.title"
    )
    return [tuple(row.values()) for row in rows]


async def pictures(library: LibraryBench) -> list[tuple[object, ...]]:
    rows = await library.rows(
        "SELECT item.kind, item.number, image.role, convert_from(side_file.name, 'UTF8') AS name"
        " FROM image JOIN item ON item.id = image.item_id JOIN side_file ON side_file.id = image.side_file_id"
        " ORDER BY item.kind, item.number, image.role, image.position"
    )
    return [tuple(row.values()) for row in rows]


async def test_a_series_with_everything_beside_it(library: LibraryBench, tree: WriteTree, picture: bytes) -> None:
    root = tree(
        {
            "Harbour (2004)/tvshow.nfo": SERIES,
            "Harbour (2004)/poster.jpg": picture,
            "Harbour (2004)/banner.jpg": picture,
            "Harbour (2004)/season02-poster.jpg": picture,
            "Harbour (2004)/Season 1/season.nfo": "<season><title>The First Winter</title><plot>Cold.</plot></season>",
            "Harbour (2004)/Season 1/folder.jpg": picture,
            "Harbour (2004)/Season 1/Harbour S01E01.mkv": "a",
            "Harbour (2004)/Season 1/Harbour S01E01.nfo": "<episodedetails><title>Pilot</title></episodedetails>",
            "Harbour (2004)/Season 1/Harbour S01E01-thumb.jpg": picture,
            "Harbour (2004)/Season 1/Harbour S01E01.de.srt": "1",
            "Harbour (2004)/Season 1/Harbour S01E02-E03.mkv": "b",
            "Harbour (2004)/Season 1/Harbour S01E02-E03.nfo": TWO,
            "Harbour (2004)/Season 2/Harbour S02E01.mkv": "c",
            "Harbour (2004)/Season 2/Subs/Harbour S02E01/2_English.srt": "1",
        }
    )
    shows = await library.add(root, name="Shows", kind="tvshows")

    await library.scan(shows)
    await library.read_side_files()

    assert await told(library) == [
        ("series", None, "Harbour Lights", "People meet ships."),
        ("season", 1, "The First Winter", "Cold."),
        ("season", 2, "Season 2", None),
        ("episode", 1, "Episode 1", None),
        ("episode", 1, "Pilot", None),
        ("episode", 2, "Arriving", "They come."),
        ("episode", 3, "Leaving", "They go."),
    ]
    assert await pictures(library) == [
        ("episode", 1, "thumb", "Harbour S01E01-thumb.jpg"),
        ("season", 1, "poster", "folder.jpg"),
        ("season", 2, "poster", "season02-poster.jpg"),
        ("series", None, "banner", "banner.jpg"),
        ("series", None, "poster", "poster.jpg"),
    ]
    subtitles = await library.rows(
        "SELECT convert_from(side_file.name, 'UTF8') AS name, language, convert_from(file.name, 'UTF8') AS media"
        " FROM side_file JOIN file ON file.id = side_file.file_id ORDER BY side_file.name"
    )
    assert [tuple(row.values()) for row in subtitles] == [
        ("2_English.srt", "en", "Harbour S02E01.mkv"),
        ("Harbour S01E01.de.srt", "de", "Harbour S01E01.mkv"),
    ]
    assert await library.rows("SELECT FROM side_reading") == []


async def test_a_series_nfo_that_was_there_first_is_read_when_episodes_come(
    library: LibraryBench, tree: WriteTree
) -> None:
    root = tree({"Harbour/tvshow.nfo": SERIES, "Other/Other S01E01.mkv": "x"})
    shows = await library.add(root, name="Shows", kind="tvshows")
    await library.scan(shows)
    await library.read_side_files()
    tree({"Harbour/Season 1/Harbour S01E01.mkv": "a"})

    await library.scan(shows)
    await library.read_side_files()

    assert ("series", None, "Harbour Lights", "People meet ships.") in await told(library)


async def test_a_series_whose_batches_come_one_by_one(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The series' own folder is recorded before there is an episode, and its reading may run in between."""
    monkeypatch.setattr("app.library.scan.walk.BATCH_FOLDERS", 1)
    shows = await library.add(
        tree({"Harbour/tvshow.nfo": SERIES, "Harbour/Season 1/Harbour S01E01.mkv": "a"}), name="Shows", kind="tvshows"
    )

    await library.scan(shows)
    await library.read_side_files()

    assert ("series", None, "Harbour Lights", "People meet ships.") in await told(library)


async def test_subtitles_that_were_there_first_are_paired_when_their_episode_comes(
    library: LibraryBench, tree: WriteTree
) -> None:
    root = tree({"Harbour/Season 1/Subs/Harbour S01E01/2_English.srt": "1", "Other/Other S01E01.mkv": "x"})
    shows = await library.add(root, name="Shows", kind="tvshows")
    await library.scan(shows)
    await library.read_side_files()
    tree({"Harbour/Season 1/Harbour S01E01.mkv": "a", "Harbour/Season 1/Harbour S01E02.mkv": "b"})

    await library.scan(shows)
    await library.read_side_files()

    (row,) = await library.rows(
        "SELECT convert_from(file.name, 'UTF8') AS name FROM side_file JOIN file ON file.id = side_file.file_id"
    )
    assert row["name"] == "Harbour S01E01.mkv"
