"""Artists, albums and songs with what lies beside them, and what is inside."""

import pytest

from tests.fixtures.library import LibraryBench
from tests.fixtures.media import TONE, Media
from tests.fixtures.tree import WriteTree

ARTIST = "<artist><name>Low Tide</name><biography>They played by the sea.</biography><style>Shoegaze</style></artist>"
ALBUM = "<album><title>Ebb</title><review>Quiet.</review><releasedate>1991-09-24</releasedate></album>"


@pytest.fixture
def picture(media: Media) -> bytes:
    path = media.make("poster.png", "-f", "lavfi", "-i", "color=c=blue:size=20x30", "-frames:v", "1", "-c:v", "png")
    return path.read_bytes()


async def pictures(library: LibraryBench) -> list[tuple[object, ...]]:
    rows = await library.rows(
        "SELECT item.kind, item.title, image.role, convert_from(side_file.name, 'UTF8') AS name"
        " FROM image JOIN item ON item.id = image.item_id JOIN side_file ON side_file.id = image.side_file_id"
        " ORDER BY item.kind, item.title, image.role, image.position"
    )
    return [tuple(row.values()) for row in rows]


async def test_music_with_everything_beside_it(library: LibraryBench, tree: WriteTree, picture: bytes) -> None:
    root = tree(
        {
            "Low Tide/artist.nfo": ARTIST,
            "Low Tide/folder.jpg": picture,
            "Low Tide/fanart.jpg": picture,
            "Low Tide/Ebb (1991)/album.nfo": ALBUM,
            "Low Tide/Ebb (1991)/cover.jpg": picture,
            "Low Tide/Ebb (1991)/01 - Foam.flac": "a",
            "Low Tide/Ebb (1991)/01 - Foam.lrc": "[00:01.00]Foam",
            "Low Tide/Ebb (1991)/02 - Salt.flac": "b",
            "Low Tide/Ebb (1991)/02 - Salt.txt": "Salt and salt",
            "Low Tide/Ebb (1991)/info.txt": "made with love",
        }
    )
    music = await library.add(root, name="Music", kind="music")

    await library.scan(music)
    await library.read_side_files()

    said = await library.rows(
        "SELECT item.kind, item.title, text.plot FROM item JOIN item_text text ON text.item_id = item.id ORDER BY kind"
    )
    assert [tuple(row.values()) for row in said] == [
        ("album", "Ebb", "Quiet."),
        ("artist", "Low Tide", "They played by the sea."),
    ]
    assert await pictures(library) == [
        ("album", "Ebb", "poster", "cover.jpg"),
        ("artist", "Low Tide", "backdrop", "fanart.jpg"),
        ("artist", "Low Tide", "poster", "folder.jpg"),
    ]
    words = await library.rows(
        "SELECT convert_from(side_file.name, 'UTF8') AS name, convert_from(file.name, 'UTF8') AS song"
        " FROM side_file JOIN file ON file.id = side_file.file_id ORDER BY side_file.name"
    )
    assert [tuple(row.values()) for row in words] == [
        ("01 - Foam.lrc", "01 - Foam.flac"),
        ("02 - Salt.txt", "02 - Salt.flac"),
    ]


async def test_the_picture_in_a_song_is_noted_and_goes_when_it_goes(
    library: LibraryBench, tree: WriteTree, media: Media
) -> None:
    root = tree({"Low Tide/Ebb/01 - Foam.flac": media.song().read_bytes()})
    music = await library.add(root, name="Music", kind="music")
    await library.scan(music)

    await library.analyze()
    (image,) = await library.rows("SELECT role, source, stream_index, width, height, file_id IS NOT NULL FROM image")
    plain = media.make("plain.flac", *TONE, "-c:a", "flac")
    (root / "Low Tide" / "Ebb" / "01 - Foam.flac").write_bytes(plain.read_bytes())
    await library.scan(music)
    await library.analyze()

    assert tuple(image.values()) == ("poster", "embedded", 1, 64, 64, True)
    assert await library.rows("SELECT FROM image") == []


async def test_a_cover_follows_an_album_that_its_tags_name(
    library: LibraryBench, tree: WriteTree, media: Media, picture: bytes
) -> None:
    """Before the tags are read an album is what its folder is called; the cover lies in the folder all the time."""
    tags = ("-metadata", "album=Flood", "-metadata", "album_artist=Low Tide", "-metadata", "title=Foam")
    song = media.make("tagged.flac", *TONE, "-c:a", "flac", *tags).read_bytes()
    root = tree({"Low Tide/Wrong Name/01.flac": song, "Low Tide/Wrong Name/cover.png": picture})
    music = await library.add(root, name="Music", kind="music")
    await library.scan(music)
    await library.read_side_files()

    await library.analyze()
    await library.read_side_files()

    shown = [row for row in await pictures(library) if row[0] == "album"]
    assert shown == [("album", "Flood", "poster", "cover.png")]
