"""Which item a folder is about."""

from uuid import UUID

from app.ids import uuid7
from app.library.kinds import ItemKind, LibraryKind
from app.library.repository.side_readings import MediaRow
from app.library.sidecars import owners
from app.library.sidecars.owners import owner_of
from app.library.sidecars.pairing import Owner

SERIES, SEASON_1, SEASON_2, ARTIST, ALBUM = (uuid7() for _ in range(5))


def film(folder: str, item: UUID | None, *, extra: bool = False) -> MediaRow:
    return MediaRow(folder.encode(), b"film.mkv", uuid7(), item, "movie" if item else None, None, extra, *(None,) * 5)


def episode(folder: str, season: UUID, number: int, *, series: UUID = SERIES) -> MediaRow:
    name = f"Show S0{number}E01.mkv".encode()
    return MediaRow(
        folder.encode(), name, uuid7(), uuid7(), "episode", 1, False, season, "season", number, series, "series"
    )


def song(folder: str, album: UUID = ALBUM, artist: UUID = ARTIST) -> MediaRow:
    return MediaRow(
        folder.encode(), b"01 - Song.flac", uuid7(), uuid7(), "track", 1, False, album, "album", None, artist, "artist"
    )


def test_a_folder_with_one_film_is_about_it() -> None:
    item = uuid7()
    rows = [film("Alien", item), film("Alien/Trailers", item, extra=True), film("Alien", None)]

    assert owner_of(b"Alien", rows, LibraryKind.MOVIES) == Owner(item, ItemKind.MOVIE)


def test_a_shelf_of_films_the_root_and_an_empty_folder_are_about_nothing() -> None:
    rows = [film("A-Z/Alien", uuid7()), film("A-Z/Heat", uuid7())]

    assert owner_of(b"A-Z", rows, LibraryKind.MOVIES) is None
    assert owner_of(b"", rows[:1], LibraryKind.MOVIES) is None
    assert owner_of(b"A-Z", [], LibraryKind.MOVIES) is None


def test_a_folder_of_trailers_is_not_about_the_film() -> None:
    assert owner_of(b"Alien/Trailers", [film("Alien/Trailers", uuid7(), extra=True)], LibraryKind.MOVIES) is None


def test_a_series_folder_and_its_seasons() -> None:
    rows = [episode("Show/Season 1", SEASON_1, 1), episode("Show/Season 2", SEASON_2, 2)]

    assert owner_of(b"Show", rows, LibraryKind.TVSHOWS) == Owner(SERIES, ItemKind.SERIES)
    season = owner_of(b"Show/Season 2", rows[1:], LibraryKind.TVSHOWS)
    assert season == Owner(SEASON_2, ItemKind.SEASON, parent_id=SERIES)


def test_a_series_of_one_season_is_told_from_the_season() -> None:
    rows = [episode("Show/Season 1", SEASON_1, 1)]

    assert owner_of(b"Show", rows, LibraryKind.TVSHOWS) == Owner(SERIES, ItemKind.SERIES)
    assert owner_of(b"Show/Season 1", rows, LibraryKind.TVSHOWS) == Owner(SEASON_1, ItemKind.SEASON, parent_id=SERIES)


def test_a_series_without_folders_of_seasons() -> None:
    rows = [episode("Show", SEASON_1, 1), episode("Show", SEASON_2, 2)]

    assert owner_of(b"Show", rows, LibraryKind.TVSHOWS) == Owner(SERIES, ItemKind.SERIES)


def test_a_shelf_of_series_is_about_none() -> None:
    rows = [episode("A-Z/One/Season 1", SEASON_1, 1), episode("A-Z/Two/Season 1", uuid7(), 1, series=uuid7())]

    assert owner_of(b"A-Z", rows, LibraryKind.TVSHOWS) is None


def test_albums_their_discs_and_their_artist() -> None:
    rows = [song("Artist/Album/CD 1"), song("Artist/Album/CD 2"), song("Artist/Other", uuid7())]

    assert owner_of(b"Artist/Album/CD 1", rows[:1], LibraryKind.MUSIC) == Owner(ALBUM, ItemKind.ALBUM, parent_id=ARTIST)
    assert owner_of(b"Artist/Album", rows[:2], LibraryKind.MUSIC) == Owner(ALBUM, ItemKind.ALBUM, parent_id=ARTIST)
    assert owner_of(b"Artist", rows, LibraryKind.MUSIC) == Owner(ARTIST, ItemKind.ARTIST)


def test_an_artist_of_one_album_is_told_from_the_album() -> None:
    assert owner_of(b"Artist", [song("Artist/Album")], LibraryKind.MUSIC) == Owner(ARTIST, ItemKind.ARTIST)


def test_a_folder_of_songs_from_many_albums_is_about_none() -> None:
    rows = [song("Mix", uuid7()), song("Mix", uuid7())]

    assert owner_of(b"Mix", rows, LibraryKind.MUSIC) is None


def test_a_folder_too_large_for_one_thing_is_a_shelf() -> None:
    rows = [film("A", uuid7())] * (owners.MOST + 1)

    assert owner_of(b"A", rows, LibraryKind.MOVIES) is None
