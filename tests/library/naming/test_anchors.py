"""Which folder the files of a folder are built around."""

import pytest

from app.library.kinds import LibraryKind
from app.library.naming import anchor_of, split


@pytest.mark.parametrize(
    ("folder", "anchor"),
    [
        ("Show", "Show"),
        ("Show/Season 1", "Show"),
        ("Show/3. Staffel", "Show"),
        ("Show/Specials", "Show"),
        ("Show/Season 1/Extras", "Show"),
        ("Show/Season 1/Disc 2", "Show"),
        ("Show/Season 1/Show.S01E01.720p-GRP", "Show"),
        ("Show/Show.S01.1080p.WEB-DL-GRP", "Show"),
        ("Shelf/Show (2001)/Season 1", "Shelf/Show (2001)"),
        ("Show.S01.1080p.WEB-DL-GRP", "Show.S01.1080p.WEB-DL-GRP"),
        ("Season 1", "Season 1"),
        ("TV", ""),
        ("Coupling Season 1-4 Complete/Coupling Season 4", "Coupling Season 1-4 Complete"),
        ("", ""),
    ],
)
def test_episodes_are_built_around_their_series(folder: str, anchor: str) -> None:
    assert anchor_of(folder.encode(), LibraryKind.TVSHOWS) == anchor.encode()


@pytest.mark.parametrize(
    ("folder", "anchor"),
    [
        ("Artist/Album (1999)", "Artist/Album (1999)"),
        ("Artist/Album (1999)/CD 2", "Artist/Album (1999)"),
        ("Artist/Album/Disc 1 - Live", "Artist/Album"),
        ("Artist/Volume 1", "Artist/Volume 1"),
        ("CD 1", "CD 1"),
        ("", ""),
    ],
)
def test_songs_are_built_around_their_album(folder: str, anchor: str) -> None:
    assert anchor_of(folder.encode(), LibraryKind.MUSIC) == anchor.encode()


@pytest.mark.parametrize(
    ("folder", "anchor"),
    [
        ("Film (2001)", "Film (2001)"),
        ("Film (2001)/BDMV/STREAM", "Film (2001)"),
        ("Film (2001)/Disc 2/BDMV/STREAM", "Film (2001)"),
        ("Film (2001)/Extras", "Film (2001)"),
        ("Film.2001.DVDRip/CD2", "Film.2001.DVDRip"),
        ("Backup/DVD 2", "Backup/DVD 2"),
        ("Disc 1/VIDEO_TS", "Disc 1"),
        ("", ""),
    ],
)
def test_films_are_built_around_their_folder(folder: str, anchor: str) -> None:
    assert anchor_of(folder.encode(), LibraryKind.MOVIES) == anchor.encode()


def test_a_path_is_split_into_text() -> None:
    assert split(b"Show/Season 1/\x81.mkv") == (("Show", "Season 1"), "\ufffd.mkv")
    assert split(b"a.mkv") == ((), "a.mkv")
