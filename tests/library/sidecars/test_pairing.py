"""Which side file belongs to what: names and the media beside them."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.ids import uuid7
from app.library.kinds import ImageRole, ItemKind, LibraryKind
from app.library.repository.side_readings import MediaRow, SideRow
from app.library.sidecars.pairing import Owner, Pairs, home_of, pair

UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def side(name: str, kind: str | None = None) -> SideRow:
    guessed = {"nfo": "nfo", "srt": "subtitle", "lrc": "lyrics", "txt": "lyrics"}
    kind = kind or guessed.get(name.rpartition(".")[2], "artwork")
    return SideRow(uuid7(), name.encode(), kind, 1, 1, False, ())


def media(
    name: str, *, item: UUID | None = None, kind: str = "movie", number: int | None = None, extra: bool = False
) -> MediaRow:
    has_item = item is not None
    return MediaRow(
        folder=b"Home",
        name=name.encode(),
        file_id=uuid7(),
        item_id=item,
        item_kind=kind if has_item else None,
        number=number,
        is_extra=extra if has_item else None,
        parent_id=None,
        parent_kind=None,
        parent_number=None,
        top_id=None,
        top_kind=None,
    )


FILM = uuid7()
MOVIE = Owner(FILM, ItemKind.MOVIE)


def pictures(
    names: Sequence[str],
    rows: Sequence[MediaRow],
    owner: Owner | None,
    kind: LibraryKind = LibraryKind.MOVIES,
    folder: str = "Home",
) -> list[tuple[str, UUID, ImageRole]]:
    """Return name, item and role, the best of each role first."""
    sides = [side(name) for name in names]
    by_id = {one.id: one.name.decode() for one in sides}
    pairs = pair(sides, rows, owner, kind=kind, folder=folder)
    shown = sorted(pairs.images, key=lambda one: (one.role, one.position, by_id[one.side_id]))
    return [(by_id[one.side_id], one.item_id, one.role) for one in shown]


def test_a_films_folder_is_about_the_film() -> None:
    found = pictures(
        ["fanart2.jpg", "folder.jpg", "poster.jpg", "fanart.jpg", "clearlogo.png", "holiday.jpg", "landscape.jpg"],
        [media("Alien.mkv", item=FILM)],
        MOVIE,
    )

    assert found == [
        ("fanart.jpg", FILM, ImageRole.BACKDROP),
        ("fanart2.jpg", FILM, ImageRole.BACKDROP),
        ("clearlogo.png", FILM, ImageRole.LOGO),
        ("poster.jpg", FILM, ImageRole.POSTER),
        ("folder.jpg", FILM, ImageRole.POSTER),
        ("landscape.jpg", FILM, ImageRole.THUMB),
    ]


def test_what_is_called_like_the_file_comes_first() -> None:
    found = pictures(["Alien-poster.jpg", "poster.jpg", "Alien.jpg"], [media("Alien.mkv", item=FILM)], MOVIE)

    assert [name for name, _, _ in found] == ["Alien-poster.jpg", "Alien.jpg", "poster.jpg"]
    assert {role for _, _, role in found} == {ImageRole.POSTER}


def test_versions_share_what_is_called_like_their_folder() -> None:
    rows = [media("Alien (1979) - 1080p.mkv", item=FILM), media("Alien (1979) - 2160p.mkv", item=FILM)]

    found = pictures(["Alien (1979)-fanart.jpg", "Alien (1979).jpg"], rows, MOVIE, folder="Alien (1979)")

    assert found == [
        ("Alien (1979)-fanart.jpg", FILM, ImageRole.BACKDROP),
        ("Alien (1979).jpg", FILM, ImageRole.POSTER),
    ]


def test_in_a_folder_of_several_films_only_names_count() -> None:
    alien, heat = uuid7(), uuid7()
    rows = [media("Alien.mkv", item=alien), media("Heat.mkv", item=heat)]

    found = pictures(["poster.jpg", "Heat-poster.jpg", "Alien-fanart.jpg"], rows, None)

    assert found == [("Alien-fanart.jpg", alien, ImageRole.BACKDROP), ("Heat-poster.jpg", heat, ImageRole.POSTER)]


def test_the_longer_of_two_names_owns_the_picture() -> None:
    one, two = uuid7(), uuid7()

    found = pictures(["Alien 2-poster.jpg"], [media("Alien.mkv", item=one), media("Alien 2.mkv", item=two)], None)

    assert found == [("Alien 2-poster.jpg", two, ImageRole.POSTER)]


def test_a_picture_of_an_extra_is_nobodys() -> None:
    assert pictures(["teaser-thumb.jpg"], [media("teaser.mkv", item=FILM, extra=True)], None) == []


def test_an_episodes_picture_is_a_still_of_all_that_is_in_its_file() -> None:
    first, second = uuid7(), uuid7()
    rows = [
        media("Show S01E01E02.mkv", item=second, kind="episode", number=2),
        media("Show S01E01E02.mkv", item=first, kind="episode", number=1),
    ]

    found = pictures(["Show S01E01E02-thumb.jpg", "Show S01E01E02.tbn"], rows, None, LibraryKind.TVSHOWS)

    assert {(item, role) for _, item, role in found} == {(first, ImageRole.THUMB), (second, ImageRole.THUMB)}


def test_posters_of_seasons_lie_with_the_series() -> None:
    series, specials, first = uuid7(), uuid7(), uuid7()
    owner = Owner(series, ItemKind.SERIES, seasons=((0, specials), (1, first)))

    found = pictures(
        [
            "season01-poster.jpg",
            "season-specials-poster.jpg",
            "season02-poster.jpg",
            "season-all-poster.jpg",
            "poster.jpg",
        ],
        [],
        owner,
        LibraryKind.TVSHOWS,
    )

    assert set(found) == {
        ("season01-poster.jpg", first, ImageRole.POSTER),
        ("season-specials-poster.jpg", specials, ImageRole.POSTER),
        ("poster.jpg", series, ImageRole.POSTER),
    }


def test_an_artists_picture_in_an_albums_folder_is_the_artists() -> None:
    album, artist = uuid7(), uuid7()

    found = pictures(
        ["cover.jpg", "folder.jpg", "artist.jpg"],
        [media("01.flac", item=uuid7(), kind="track")],
        Owner(album, ItemKind.ALBUM, parent_id=artist),
        LibraryKind.MUSIC,
    )

    assert (
        found
        == [
            ("cover.jpg", album, ImageRole.POSTER),
            ("folder.jpg", album, ImageRole.POSTER),
            ("artist.jpg", artist, ImageRole.POSTER),
        ]
        or found[0][0] == "cover.jpg"
    )
    assert ("artist.jpg", artist, ImageRole.POSTER) in found


# -- subtitles and lyrics


def told(pairs: Pairs) -> list[tuple[UUID | None, str | None, str | None, tuple[str, ...]]]:
    return [(words.file_id, words.language, words.title, words.flags) for words in pairs.words]


def test_a_subtitle_says_whose_it_is_and_in_what_language() -> None:
    row = media("Alien.mkv", item=FILM)
    names = ["Alien.en.forced.srt", "Alien.fr.srt", "Alien.Commentary.de.sdh.srt", "Alien.srt"]

    pairs = pair([side(name) for name in names], [row], MOVIE, kind=LibraryKind.MOVIES)

    assert told(pairs) == [
        (row.file_id, "en", None, ("forced",)),
        (row.file_id, "fr", None, ()),
        (row.file_id, "de", "Commentary", ("hearing_impaired",)),
        (row.file_id, None, None, ()),
    ]


def test_a_subtitle_called_like_the_folder_goes_with_the_first_version() -> None:
    rows = [media(f"Alien (1979) - {version}.mkv", item=FILM) for version in ("1080p", "2160p")]

    pairs = pair([side("Alien (1979).en.srt")], rows, MOVIE, kind=LibraryKind.MOVIES, folder="Alien (1979)")

    assert told(pairs) == [(rows[0].file_id, "en", None, ())]


def test_a_subtitle_of_none_belongs_to_the_only_film() -> None:
    row = media("Alien.mkv", item=FILM)

    alone = pair([side("English.srt")], [row], MOVIE, kind=LibraryKind.MOVIES, folders=("Subs",))
    among_two = pair([side("English.srt")], [row, media("Heat.mkv")], None, kind=LibraryKind.MOVIES, folders=("Subs",))

    assert told(alone) == [(row.file_id, "en", None, ())]
    assert told(among_two) == []


def test_a_folder_of_subtitles_may_be_called_like_the_episode() -> None:
    rows = [media(f"Show S01E0{n}.mkv", item=uuid7(), kind="episode", number=n) for n in (1, 2)]

    pairs = pair([side("2_English.srt")], rows, None, kind=LibraryKind.TVSHOWS, folders=("Subs", "Show S01E02"))

    assert told(pairs) == [(rows[1].file_id, "en", None, ())]


def test_a_text_called_like_a_song_is_its_words_and_no_films() -> None:
    row = media("01 - Song.flac", item=uuid7(), kind="track")

    assert told(pair([side("01 - Song.txt")], [row], None, kind=LibraryKind.MUSIC)) == [(row.file_id, None, None, ())]
    assert told(pair([side("01 - Song.txt")], [row], None, kind=LibraryKind.MOVIES)) == []
    assert told(pair([side("readme.txt")], [row], None, kind=LibraryKind.MUSIC)) == []


@pytest.mark.parametrize(
    ("path", "home", "folders"),
    [
        ("", "", ()),
        ("Alien", "Alien", ()),
        ("Alien/Subs", "Alien", ("Subs",)),
        ("Show/Season 1/Subs/Show S01E02", "Show/Season 1", ("Subs", "Show S01E02")),
        ("Alien/extrafanart", "Alien", ("extrafanart",)),
        ("Alien/extrafanart/more", "Alien/extrafanart/more", ()),
        ("Subs", "", ("Subs",)),
    ],
)
def test_where_the_media_of_a_side_file_are(path: str, home: str, folders: tuple[str, ...]) -> None:
    assert home_of(path.encode()) == (home.encode(), folders)


# -- NFO


def spoken_of(name: str, rows: Sequence[MediaRow], owner: Owner | None, *others: str) -> tuple[UUID, ...]:
    nfo = side(name)
    pairs = pair([nfo, *map(side, others)], rows, owner, kind=LibraryKind.MOVIES, folder="Home")
    return pairs.nfos[nfo.id]


def test_an_nfo_speaks_of_the_file_it_is_called_like() -> None:
    alien, heat = uuid7(), uuid7()
    rows = [media("Alien.mkv", item=alien), media("Heat.mkv", item=heat)]

    assert spoken_of("Heat.nfo", rows, None, "Alien.nfo") == (heat,)
    assert spoken_of("movie.nfo", rows, None, "Alien.nfo") == ()


def test_an_nfo_of_several_episodes_speaks_of_them_in_order() -> None:
    first, second = uuid7(), uuid7()
    rows = [
        media("S01E01E02.mkv", item=second, kind="episode", number=2),
        media("S01E01E02.mkv", item=first, kind="episode", number=1),
    ]

    assert spoken_of("S01E01E02.nfo", rows, None) == (first, second)


def test_a_films_only_nfo_is_its_own_whatever_it_is_called() -> None:
    rows = [media("Alien.mkv", item=FILM)]

    assert spoken_of("movie.nfo", rows, MOVIE, "release.nfo") == (FILM,)
    assert spoken_of("group.nfo", rows, MOVIE) == (FILM,)
    assert spoken_of("group.nfo", rows, MOVIE, "movie.nfo") == ()
    assert spoken_of("tvshow.nfo", rows, MOVIE) == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tvshow.nfo", ItemKind.SERIES),
        ("season.nfo", ItemKind.SEASON),
        ("artist.nfo", ItemKind.ARTIST),
        ("album.nfo", ItemKind.ALBUM),
    ],
)
def test_a_folders_nfo_speaks_of_what_the_folder_is_about(name: str, kind: ItemKind) -> None:
    owner = Owner(uuid7(), kind)

    assert spoken_of(name, [], owner) == (owner.id,)
    assert spoken_of(name, [], replace(owner, kind=ItemKind.TRACK)) == ()


def test_an_nfo_of_a_season_may_lie_with_the_series() -> None:
    second = uuid7()

    assert spoken_of("season02.nfo", [], Owner(uuid7(), ItemKind.SERIES, seasons=((2, second),))) == (second,)


# -- whatever there is

names = st.text(st.sampled_from("ab1 .-_sé"), max_size=8)
extensions = st.sampled_from([".jpg", ".srt", ".nfo", ".lrc", ".txt", ""])


@UNHURRIED
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "poster", "season1-poster", "Subs", "a", "b"]), names, extensions), max_size=8
    ),
    st.lists(names, max_size=5),
    st.booleans(),
)
def test_nothing_is_paired_with_what_is_not_there(
    sides: list[tuple[str, str, str]], stems: list[str], has_owner: bool
) -> None:
    rows = [media(f"{stem}.mkv", item=uuid7()) for stem in stems]
    owner = MOVIE if has_owner else None
    there = [side("".join(name)) for name in sides if "".join(name)]

    pairs = pair(there, rows, owner, kind=LibraryKind.MUSIC, folder="a")

    known = {row.item_id for row in rows} | {FILM}
    assert {shown.item_id for shown in pairs.images} <= known
    assert {item for items in pairs.nfos.values() for item in items} <= known
    assert {words.file_id for words in pairs.words} <= {None, *(row.file_id for row in rows)}
    keys = [(shown.side_id, shown.item_id, shown.role) for shown in pairs.images]
    assert len(keys) == len(set(keys))
