"""Songs become artists, albums and tracks: by their paths at once, by their tags once those are read."""

import asyncio
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from mutagen.flac import FLAC

from app.library.jobs import AnalyzeFileArgs, ScanLibraryArgs
from tests.fixtures.library import LibraryBench
from tests.fixtures.media import Media

TRACKS = """
    SELECT track.id, artist.title AS artist, album.title AS album, track.disc_number AS disc, track.number, track.title,
        track.state, album.id AS album_id, artist.id AS artist_id, album.year, album.state AS album_state,
        album.release_types, convert_from(file.name, 'utf8') AS name, track.title_source
    FROM item track
    LEFT JOIN item album ON album.id = track.parent_id AND album.kind = 'album'
    LEFT JOIN item artist ON artist.id = coalesce(album.parent_id, track.parent_id)
    LEFT JOIN item_file link ON link.item_id = track.id
    LEFT JOIN file ON file.id = link.file_id
    WHERE track.kind = 'track'
    ORDER BY artist.sort_title, album.sort_title, track.disc_number, track.number, track.sort_title, file.name
"""

CREDITS = """
    SELECT item.title, string_agg(credit.name || credit.joinphrase, '' ORDER BY credit.position) AS credit
    FROM item_artist credit JOIN item ON item.id = credit.item_id WHERE item.kind = %s GROUP BY item.id
    ORDER BY item.title
"""


class Songs:
    """A folder of real FLAC files whose tags a test writes."""

    def __init__(self, media: Media, root: Path) -> None:
        self._silence = media.make("silence.flac", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=0.2", "-c:a", "flac")
        self.root = root
        root.mkdir()

    def write(self, name: str, **tags: Any) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            shutil.copy(self._silence, path)
        self.tag(name, **tags)
        return path

    def tag(self, name: str, **tags: Any) -> None:
        """Replace a file's tags; a second later than any before, as people are."""
        path = self.root / name
        song = FLAC(path)
        song.delete()
        for key, value in tags.items():
            song[key] = value if isinstance(value, list) else [str(value)]
        song.save()


@pytest.fixture
def songs(media: Media, tmp_path: Path) -> Songs:
    return Songs(media, tmp_path / "music")


async def tracks(library: LibraryBench) -> list[dict[str, Any]]:
    return await library.rows(TRACKS)


async def told(library: LibraryBench) -> list[tuple[Any, ...]]:
    return [(r["artist"], r["album"], r["disc"], r["number"], r["title"]) for r in await tracks(library)]


async def add(library: LibraryBench, songs: Songs) -> UUID:
    library_id = await library.add(songs.root, name="Music", kind="music")
    await library.scan(library_id)
    return library_id


async def items(library: LibraryBench, kind: str, state: str = "present") -> list[str]:
    query = "SELECT title FROM item WHERE kind = %s AND state = %s ORDER BY sort_title"
    return [row["title"] for row in await library.rows(query, kind, state)]


async def test_songs_are_there_right_after_the_scan_by_their_paths(library: LibraryBench, songs: Songs) -> None:
    songs.write("Beatles/Help! (1965)/01 - Help!.flac")
    songs.write("Beatles/Help! (1965)/02 - The Night Before.flac")
    songs.write("Beatles/White Album (1968)/CD2/01 - Birthday.flac")
    songs.write("loose.flac")

    await add(library, songs)

    assert await told(library) == [
        ("Beatles", "Help!", None, 1, "Help!"),
        ("Beatles", "Help!", None, 2, "The Night Before"),
        ("Beatles", "White Album", 2, 1, "Birthday"),
        (None, None, None, None, "loose"),
    ]
    assert {row["year"] for row in await tracks(library)} == {1965, 1968, None}
    assert set(library.listener.changed) == {row["id"] for row in await library.rows("SELECT id FROM item")}


async def test_tags_win_over_paths_and_every_item_stays_itself(library: LibraryBench, songs: Songs) -> None:
    for number in (1, 2):
        songs.write(
            f"beatles/help/{number:02} x.flac",
            title=f"Song {number}", artist="The Beatles", album="Help!", albumartist="The Beatles", tracknumber=number,
            discnumber=1, date="1965-08-06",
        )  # fmt: skip
    await add(library, songs)
    before = await tracks(library)

    await library.analyze()

    after = await tracks(library)
    assert [(r["artist"], r["album"], r["disc"], r["number"], r["title"]) for r in after] == [
        ("The Beatles", "Help!", 1, 1, "Song 1"),
        ("The Beatles", "Help!", 1, 2, "Song 2"),
    ]
    assert [(r["id"], r["album_id"], r["artist_id"]) for r in after] == [
        (r["id"], r["album_id"], r["artist_id"]) for r in before
    ]
    assert {r["title_source"] for r in after} == {"tags"}
    assert len(await library.rows("SELECT id FROM item")) == 4


async def test_the_order_of_analyses_does_not_matter(library: LibraryBench, songs: Songs) -> None:
    for number, album in enumerate(("One", "One", "Two", "One", "Two"), start=1):
        songs.write(f"x/y/{number:02} x.flac", title=f"Song {number}", artist="A", album=album, tracknumber=number)
    await add(library, songs)

    rows = await library.analyze()

    assert [row.state for row in rows] == ["completed"] * 5
    assert await told(library) == [
        ("A", "One", None, 1, "Song 1"),
        ("A", "One", None, 2, "Song 2"),
        ("A", "One", None, 4, "Song 4"),
        ("A", "Two", None, 3, "Song 3"),
        ("A", "Two", None, 5, "Song 5"),
    ]
    assert await items(library, "album", "missing") == []
    assert await items(library, "artist") == ["A"]


async def test_changed_tags_move_the_songs_again(library: LibraryBench, songs: Songs) -> None:
    def tag(album: str, artist: str) -> None:
        for number in (1, 2, 3):
            songs.write(f"a/b/{number}.flac", title=f"Song {number}", artist=artist, album=album, tracknumber=number)

    tag("Hepl!", "Beetles")
    library_id = await add(library, songs)
    await library.analyze()
    before = await tracks(library)

    tag("Help!", "Beatles")
    await library.scan(library_id)
    await library.analyze()

    after = await tracks(library)
    assert {(r["artist"], r["album"]) for r in after} == {("Beatles", "Help!")}
    # Nobody means the misspelt ones any more: they are the same album and artist under another name.
    assert [(r["id"], r["album_id"], r["artist_id"]) for r in after] == [
        (r["id"], r["album_id"], r["artist_id"]) for r in before
    ]


async def test_one_song_that_leaves_its_album_leaves_the_album_alone(library: LibraryBench, songs: Songs) -> None:
    for number in (1, 2):
        songs.write(f"a/b/{number}.flac", title=f"Song {number}", artist="A", album="One", tracknumber=number)
    library_id = await add(library, songs)
    await library.analyze()
    first, second = await tracks(library)

    songs.tag("a/b/2.flac", title="Song 2", artist="B", album="Other", tracknumber=2)
    await library.scan(library_id)
    await library.analyze()

    stayed, moved = await tracks(library)
    assert (stayed["id"], stayed["album_id"], stayed["artist_id"]) == (
        first["id"],
        first["album_id"],
        first["artist_id"],
    )
    assert (moved["id"], moved["artist"], moved["album"]) == (second["id"], "B", "Other")

    songs.tag("a/b/1.flac", title="Song 1", artist="B", album="Other", tracknumber=1)
    await library.scan(library_id)
    await library.analyze()
    assert await items(library, "album", "missing") == ["One"]
    assert await items(library, "artist", "missing") == ["A"]
    assert {row["album_id"] for row in await tracks(library)} == {moved["album_id"]}


async def test_several_artists_and_guests_are_credited(library: LibraryBench, songs: Songs) -> None:
    songs.write(
        "x/1.flac", title="Duet", artist="Ann feat. Bob & Cy", artists=["Ann", "Bob", "Cy"], album="Pair",
        albumartist="Ann & Bob", albumartists=["Ann", "Bob"], tracknumber=1,
    )  # fmt: skip

    await add(library, songs)
    await library.analyze()

    assert await library.rows(CREDITS, "track") == [{"title": "Duet", "credit": "Ann feat. Bob & Cy"}]
    assert await library.rows(CREDITS, "album") == [{"title": "Pair", "credit": "Ann & Bob"}]
    assert await items(library, "artist") == ["Ann", "Bob", "Cy"]

    songs.tag("x/1.flac", title="Solo", artist="Ann", album="Pair", albumartist="Ann", tracknumber=1)
    (row,) = await library.rows("SELECT id FROM library")
    await library.scan(row["id"])
    await library.analyze()
    assert await library.rows(CREDITS, "track") == [{"title": "Solo", "credit": "Ann"}]
    assert await items(library, "artist") == ["Ann"]
    assert await items(library, "artist", "missing") == ["Bob", "Cy"]


async def test_nobody_is_called_soundtracks(library: LibraryBench, songs: Songs) -> None:
    songs.write("Soundtracks/Interstellar (2014)/01 - Dreaming of the Crash.flac")
    songs.write("Soundtracks/Pulp Fiction (1994)/01 - Dick Dale - Misirlou.flac")

    await add(library, songs)
    await library.analyze()

    assert await items(library, "artist", "present") == ["Dick Dale", "Various Artists"]
    assert await library.rows(CREDITS, "track") == [
        {"title": "Dreaming of the Crash", "credit": "Various Artists"},
        {"title": "Misirlou", "credit": "Dick Dale"},
    ]


async def test_a_compilation_is_by_various_artists(library: LibraryBench, songs: Songs) -> None:
    for number, artist in enumerate(("Ann", "Bob"), start=1):
        songs.write(
            f"Various/Hits/{number}.flac",
            title=f"Song {number}",
            artist=artist,
            album="Hits",
            tracknumber=number,
            compilation=1,
        )

    await add(library, songs)
    await library.analyze()

    assert await items(library, "artist", "missing") == []
    rows = await tracks(library)
    assert [(r["artist"], r["album"], r["number"]) for r in rows] == [
        ("Various Artists", "Hits", 1),
        ("Various Artists", "Hits", 2),
    ]
    assert {tuple(r["release_types"]) for r in rows} == {("compilation",)}
    assert await library.rows(CREDITS, "track") == [
        {"title": f"Song {n}", "credit": a} for n, a in ((1, "Ann"), (2, "Bob"))
    ]


RELEASE = "11111111-1111-4111-8111-11111111111{}"


async def test_ids_of_musicbrainz_tell_apart_and_join(library: LibraryBench, songs: Songs) -> None:
    for folder, release, title in (("a", 1, "Album"), ("b", 2, "Album"), ("c", 1, "Album [Disc 2]")):
        songs.write(
            f"{folder}/{folder}/1.flac", title=folder, artist="A", album=title,
            musicbrainz_albumid=RELEASE.format(release), musicbrainz_trackid=RELEASE.format(9), isrc="DEA123456789",
        )  # fmt: skip

    await add(library, songs)
    await library.analyze()

    rows = await tracks(library)
    by_title = {row["title"]: row["album_id"] for row in rows}
    assert by_title["a"] == by_title["c"] != by_title["b"]
    ids = await library.rows(
        "SELECT item.kind, provider, count(*) AS n FROM external_id JOIN item ON item.id = item_id"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert [(r["kind"], r["provider"], r["n"]) for r in ids] == [
        ("album", "musicbrainz_release", 2),
        ("track", "isrc", 3),
        ("track", "musicbrainz_recording", 3),
    ]


async def test_a_song_replaced_by_a_better_file_keeps_its_track(
    library: LibraryBench, songs: Songs, media: Media
) -> None:
    songs.write("A/Album (2001)/01 - Song.flac", title="Song", artist="A", album="The Album", tracknumber=1)
    songs.write("A/Album (2001)/02 - Other.flac", title="Other", artist="A", album="The Album", tracknumber=2)
    library_id = await add(library, songs)
    await library.analyze()
    before = {row["number"]: row["id"] for row in await tracks(library)}

    shutil.copy(media.make("other.flac", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=0.3", "-c:a", "flac"),
                songs.root / "A/Album (2001)/1. Song.flac")  # fmt: skip
    (songs.root / "A/Album (2001)/01 - Song.flac").unlink()
    await library.scan(library_id)

    after = await tracks(library)
    assert {row["number"]: row["id"] for row in after} == before
    assert {(row["name"], row["state"]) for row in after if row["number"] == 1} == {
        ("01 - Song.flac", "present"), ("1. Song.flac", "present"),
    }  # fmt: skip


async def test_rescans_and_repeated_analyses_write_nothing(library: LibraryBench, songs: Songs) -> None:
    songs.write("A/One/1.flac", title="Song", artists=["A", "B"], album="One", albumartist="A", tracknumber=1)
    songs.write("A/One/2.flac")
    songs.write("loose.flac", title="Loose")
    library_id = await add(library, songs)
    await library.analyze()
    await library.scan(library_id, full=True)
    await library.analyze()
    before = await library.raw_rows()

    await library.scan(library_id, full=True)
    await library.analyze()

    assert await library.raw_rows() == before


async def test_empty_parents_go_missing_and_come_back(library: LibraryBench, songs: Songs, tmp_path: Path) -> None:
    songs.write("A/One/1.flac", title="Song", artist="A", album="One")
    songs.write("B/Two/1.flac", title="Song", artist="B feat. G", artists=["B", "G"], album="Two")
    library_id = await add(library, songs)
    await library.analyze()

    shutil.move(songs.root / "B", tmp_path / "away")
    await library.scan(library_id)
    assert await items(library, "artist", "missing") == ["B", "G"]
    assert await items(library, "album", "missing") == ["Two"]

    shutil.move(tmp_path / "away", songs.root / "B")
    await library.scan(library_id)
    assert await items(library, "artist", "missing") == []
    assert await items(library, "album") == ["One", "Two"]


async def test_analyses_side_by_side_and_beside_a_scan_make_each_album_once(
    library: LibraryBench, songs: Songs
) -> None:
    """Whoever places songs has the library first and then its files, so that nobody waits for each other."""
    for folder in ("a", "b"):
        for number in range(1, 7):
            songs.write(
                f"{folder}/{number}.flac", title=f"{folder}{number}", artists=["Ann", "Bob"], album=f"Album {folder}",
                albumartist="Ann", tracknumber=number,
            )  # fmt: skip
    library_id = await add(library, songs)
    before = {row["id"] for row in await tracks(library)}
    jobs = await library.claim(AnalyzeFileArgs)
    await library.request(library_id, full=True)
    (scan,) = await library.claim(ScanLibraryArgs)

    rows = await asyncio.gather(*(library.work(job) for job in (*jobs[:6], scan, *jobs[6:])))

    assert {row.state for row in rows} == {"completed"}
    assert await items(library, "album") == ["Album a", "Album b"]
    assert await items(library, "artist") == ["Ann", "Bob"]
    assert {row["id"] for row in await tracks(library)} == before
    assert [r["title"] for r in await tracks(library)] == [f"{f}{n}" for f in "ab" for n in range(1, 7)]
