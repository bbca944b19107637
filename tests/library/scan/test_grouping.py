"""Which files are one film, by name and folder alone."""

import random

from hypothesis import given
from hypothesis import strategies as st

from app.ids import uuid7
from app.library.kinds import FileRole
from app.library.scan.grouping import Film, UnitFile, group_films


def group(*paths: str) -> list[tuple[str, int | None, list[tuple[str, str, str, int | None]]]]:
    """Return title, year, and (path, role, version, part) of every film's files in their order."""
    files = {uuid7(): path for path in paths}
    films = group_films(UnitFile(file_id, path.encode()) for file_id, path in files.items())
    return [
        (film.title, film.year, [(files[m.file_id], m.role.value, m.version, m.part) for m in film.members])
        for film in films
    ]


def titles(*paths: str) -> list[tuple[str, int | None, int]]:
    return [(title, year, len(members)) for title, year, members in group(*paths)]


def test_versions_are_one_film() -> None:
    folder = "Phantom of the Opera (1925)/Phantom of the Opera (1925)"

    ((title, year, members),) = group(f"{folder} - 1925 version.mkv", f"{folder} - 1929 version.mkv")

    assert (title, year) == ("Phantom of the Opera", 1925)
    assert [(role, version) for _, role, version, _ in members] == [("main", "1925 version"), ("main", "1929 version")]


def test_films_of_one_name_and_several_years_are_several() -> None:
    assert titles(*(f"Iron Man/Iron Man ({year}).mkv" for year in (2007, 2008, 2011))) == [
        ("Iron Man", 2007, 1),
        ("Iron Man", 2008, 1),
        ("Iron Man", 2011, 1),
    ]


def test_two_films_in_one_folder_are_two() -> None:
    assert titles("Shelf/Alien (1979).mkv", "Shelf/Heat (1995).mkv") == [("Alien", 1979, 1), ("Heat", 1995, 1)]


def test_parts_are_one_film_in_their_order() -> None:
    ((title, _, members),) = group("Movie Name (2010)-cd2.mkv", "Movie Name (2010)-cd1.mkv")

    assert title == "Movie Name"
    assert [part for _, _, _, part in members] == [1, 2]


def test_parts_may_lie_in_folders_of_their_own() -> None:
    folder = "Big.Fish.2003.DVDRip.XviD-GRP"

    ((title, year, members),) = group(f"{folder}/CD2/grp-fish.cd2.avi", f"{folder}/CD1/grp-fish.cd1.avi")

    assert (title, year) == ("Big Fish", 2003)
    assert [part for _, _, _, part in members] == [1, 2]


def test_a_shelf_of_discs_holds_films() -> None:
    assert titles("Backup/DVD 1/Alien.mkv", "Backup/DVD 2/Heat.mkv") == [("Alien", None, 1), ("Heat", None, 1)]


def test_films_called_after_their_shelf_are_films() -> None:
    """The rule of versions would make `A New Hope (1977)` a label."""
    shelf = "Star Wars/Star Wars"

    assert titles(f"{shelf} - A New Hope (1977).mkv", f"{shelf} - Return of the Jedi (1983).mkv") == [
        ("Star Wars - A New Hope", 1977, 1),
        ("Star Wars - Return of the Jedi", 1983, 1),
    ]


def test_a_part_without_a_sibling_is_a_title() -> None:
    assert titles("Dune Part 2.mkv", "Alien.mkv") == [("Alien", None, 1), ("Dune Part 2", None, 1)]


def test_parts_of_other_extensions_are_no_siblings() -> None:
    assert titles("Dune Part 1.mkv", "Dune Part 2.mp4") == [("Dune Part 1", None, 1), ("Dune Part 2", None, 1)]


def test_a_file_without_a_year_is_the_film_beside_it() -> None:
    assert titles("Shelf/Heat (1995).mkv", "Shelf/heat.mp4") == [("Heat", 1995, 2)]


def test_the_finest_version_comes_first() -> None:
    folder = "Heat (1995)/Heat (1995)"

    ((_, _, members),) = group(*(f"{folder} - {lines}.mkv" for lines in ("720p", "2160p", "1080p")))

    assert [version for _, _, version, _ in members] == ["2160p", "1080p", "720p"]


def test_versions_of_one_name_are_told_apart() -> None:
    ((_, _, members),) = group("Heat (1995).avi", "Heat (1995).mkv", "Heat.1995.1080p.A.mkv", "Heat.1995.1080p.B.mkv")

    assert [version for _, _, version, _ in members] == ["1080p", "1080p (2)", "", "(2)"]


def test_extras_join_the_only_film() -> None:
    ((_, _, members),) = group("Heat (1995)/Heat (1995).mkv", "Heat (1995)/Trailers/teaser.mkv")

    assert [role for _, role, _, _ in members] == ["main", "extra"]


def test_an_extra_among_several_films_is_that_of_its_name() -> None:
    films = group("Alien (1979).mkv", "Heat (1995).mkv", "Heat (1995)-trailer.mkv", "Nobody-trailer.mkv")

    assert [(title, len(members)) for title, _, members in films] == [("Alien", 1), ("Heat", 2)]


def test_extras_alone_are_no_films() -> None:
    assert titles("Heat (1995)/Trailers/teaser.mkv") == []


def test_a_folder_called_shorts_without_a_film_beside_it_holds_films() -> None:
    assert titles("Kids/Shorts/One.mkv", "Kids/Shorts/Two.mkv") == [("One", None, 1), ("Two", None, 1)]
    assert titles("Kids/Kids (2001).mkv", "Kids/Shorts/One.mkv") == [("Kids", 2001, 2)]


def test_a_disc_is_one_film_of_many_files() -> None:
    ((title, year, members),) = group(*(f"Alien (1979)/VIDEO_TS/VTS_01_{n}.VOB" for n in range(4)))

    assert (title, year) == ("Alien", 1979)
    assert {role for _, role, _, _ in members} == {"disc"}
    assert [path[-5] for path, _, _, _ in members] == ["0", "1", "2", "3"]


def test_several_discs_are_one_film() -> None:
    folder = "The Return of the King (2003)"

    films = titles(f"{folder}/Disc 1/BDMV/STREAM/00001.m2ts", f"{folder}/Disc 2/BDMV/STREAM/00001.m2ts")

    assert films == [("The Return of the King", 2003, 2)]


NAMES = st.lists(
    st.sampled_from(
        ["A (2001).mkv", "A.mkv", "A (2001) - 1080p.mkv", "A-trailer.mkv", "A part 1.mkv", "A part 2.mkv",
         "B (1999).mkv",         "Trailers/x.mkv", "Shorts/y.mkv", "VIDEO_TS/VTS_01_1.VOB", "trailer.mkv", "sample.mkv",
         "A cd1.avi", "A cd2.avi"]
    ),
    unique=True,
)  # fmt: skip


@given(NAMES, st.randoms())
def test_the_same_files_are_the_same_films_in_whatever_order(names: list[str], dice: random.Random) -> None:
    files = [UnitFile(uuid7(), f"Film/{name}".encode()) for name in names]
    shuffled = list(files)
    dice.shuffle(shuffled)

    films = group_films(files)

    assert group_films(shuffled) == films
    members = [member.file_id for film in films for member in film.members]
    assert len(members) == len(set(members))
    assert all(is_told_apart(film) for film in films)


def is_told_apart(film: Film) -> bool:
    """No two files of a film claim to be the same thing, and their order is without gaps."""
    mains = [(member.version, member.part) for member in film.members if member.role is FileRole.MAIN]
    return len(mains) == len(set(mains)) and [member.position for member in film.members] == list(
        range(len(film.members))
    )
