"""Names of films: what servers' users really have, and what they should be read as."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.library.naming import ParsedMovie, parse_movie

READINGS = [
    # Numbers and years.
    ("300 (2006).mkv", "300", 2006),
    ("The Wolf of Wall Street 2001 (2013).mkv", "The Wolf of Wall Street 2001", 2013),
    ("2001 A Space Odyssey (1968) [tmdbid-62]/2001 A Space Odyssey (1968).mkv", "2001 A Space Odyssey", 1968),
    ("Blade.Runner.2049.2017.2160p.UHD.BluRay.x265-GROUP.mkv", "Blade Runner 2049", 2017),
    ("Blade.Runner.2049.1080p.mkv", "Blade Runner 2049", None),
    ("1917.2019.1080p.mkv", "1917", 2019),
    ("2012 (2009)/2012.mkv", "2012", 2009),
    ("2012.2009.720p.mkv", "2012", 2009),
    ("1984 (1956) {imdb-tt0048918}.mkv", "1984", 1956),
    ("1984.mkv", "1984", None),
    ("8½ (1963).mkv", "8½", 1963),
    ("3.Days.to.Kill.2014.720p.BluRay.x264.YIFY.mkv", "3 Days to Kill", 2014),
    ("Wonder.Woman.1984.2020.2160p.HDR.mkv", "Wonder Woman 1984", 2020),
    ("Class.of.1984.1080p.mkv", "Class of 1984", None),
    ("10 Cloverfield Lane.mkv", "10 Cloverfield Lane", None),
    ("(1999) The Matrix.mkv", "The Matrix", 1999),
    ("(500) Days of Summer (2009).mkv", "(500) Days of Summer", 2009),
    ("My Movie (1997) - GreatestReleaseGroup 2019.mkv", "My Movie", 1997),
    ("My Movie 2013-12-09.mp4", "My Movie 2013-12-09", None),
    ("Se7en.1995.mkv", "Se7en", 1995),
    # Short and odd titles that tag-cutters damage.
    ("It (2017)/It.2017.mkv", "It", 2017),
    ("Tommy (1975)/Tommy.mkv", "Tommy", 1975),
    ("REAL.Steel.2011.mkv", "REAL Steel", 2011),
    ("The.Big.Short.2015.1080p.mkv", "The Big Short", 2015),
    ("[REC] (2007)/[rec].mkv", "[REC]", 2007),
    ("[REC] 2 (2009).mkv", "[REC] 2", 2009),
    ("[REC] 3 Genesis (2012).mkv", "[REC] 3 Genesis", 2012),
    ("Mr. & Mrs. Smith (2005).mkv", "Mr. & Mrs. Smith", 2005),
    ("E.T. the Extra-Terrestrial (1982).mkv", "E.T. the Extra-Terrestrial", 1982),
    ("S.W.A.T.2003.1080p.mkv", "S.W.A.T.", 2003),
    ("L.A.Confidential.1997.mkv", "L.A. Confidential", 1997),
    ("WALL·E (2008).mkv", "WALL·E", 2008),
    ("Amélie.2001.mkv", "Amélie", 2001),
    ("Birdman or (The Unexpected Virtue of Ignorance) (2014)/birdman.1080p.mkv",
     "Birdman or (The Unexpected Virtue of Ignorance)", 2014),
    # Tags, groups and styles.
    ("Robin Hood [Multi-Subs] [2018].mkv", "Robin Hood", 2018),
    ("curse.of.chucky.2013.stv.unrated.multi.1080p.bluray.x264-rough.mkv", "curse of chucky", 2013),
    ("X-Men Days of Future Past - [hsbs].mkv", "X-Men Days of Future Past", None),
    ("[Group] Ghost in the Shell (1995) [BD 1080p].mkv", "Ghost in the Shell", 1995),
    ("Movie.Name.2010 [1080p].mkv", "Movie Name", 2010),
    ("Movie_Name_2010_1080p.mkv", "Movie Name", 2010),
    ("Movie.2019.German.DL.1080p.mkv", "Movie", 2019),
    ("the.matrix.mkv", "the matrix", None),
    # Folder against file.
    ("Iron Man/Iron Man (2008).mkv", "Iron Man", 2008),
    ("The Matrix (1999)/tm-1080.mkv", "The Matrix", 1999),
    ("The Matrix (1999)/movie.mkv", "The Matrix", 1999),
    ("Best of 2009 (2009)/Some Other Film.mkv", "Some Other Film", None),
    ("Alien (1979)/Alien.1980.mkv", "Alien", 1979),
    ("Phantom of the Opera (1925)/Phantom of the Opera (1925) - 1929 version.mkv", "Phantom of the Opera", 1925),
    ("Alien (1979)/VIDEO_TS/VTS_01_1.VOB", "Alien", 1979),
    ("Alien (1979)/BDMV/STREAM/00001.m2ts", "Alien", 1979),
    # Nothing to go by.
    ("1080p.mkv", "1080p", None),
    (".mkv", "mkv", None),
    ("....mkv", "...", None),
]  # fmt: skip


def read(path: str) -> ParsedMovie:
    return parse_movie(path.encode())


@pytest.mark.parametrize(("path", "title", "year"), READINGS, ids=[row[0] for row in READINGS])
def test_title_and_year(path: str, title: str, year: int | None) -> None:
    name = read(path)

    assert (name.title, name.year) == (title, year)


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("1984 (1956) {imdb-tt0048918}.mkv", {"imdb": "tt0048918"}),
        ("2001 A Space Odyssey (1968) [tmdbid-62]/2001 A Space Odyssey (1968).mkv", {"tmdb": "62"}),
        ("Film (2001) [tmdbid=1] (tvdb-2).mkv", {"tmdb": "1", "tvdb": "2"}),
        ("Film (2001) {TMDB-7}/film.mkv", {"tmdb": "7"}),
        ("Film 2001 tt1234567 1080p.mkv", {"imdb": "tt1234567"}),
        ("Film (2001) {tmdb-1}/Film (2001) {tmdb-2}.mkv", {"tmdb": "2"}),
        ("Some Collection {tmdb-1}/Another Film (1999).mkv", {}),
        ("Film (2001) {tmdb-x} [imdb-603].mkv", {}),
    ],
)
def test_ids_are_orders(path: str, ids: dict[str, str]) -> None:
    assert dict(read(path).ids) == ids


@pytest.mark.parametrize(
    ("path", "edition", "version"),
    [
        ("Blade Runner (1982) {edition-Final Cut}.mkv", "Final Cut", "Final Cut"),
        ("Film (2001)/Film (2001) - Director's Cut.mkv", "Director's Cut", "Director's Cut"),
        ("Film (2001)/Film (2001) - 1080p.mkv", None, "1080p"),
        ("Film (2001)/Film (2001) [2160p].mkv", None, "2160p"),
        ("Avatar (2009)/Avatar.2009.EXTENDED.1080p.BluRay.mkv", "EXTENDED", "EXTENDED 1080p BluRay"),
        ("X-Men Days of Future Past - [hsbs].mkv", None, "3D"),
        ("Film.2001.4K.HDR.mkv", None, "2160p HDR"),
        ("Film (2001).mkv", None, ""),
    ],
)
def test_versions_and_editions(path: str, edition: str | None, version: str) -> None:
    name = read(path)

    assert (name.edition, name.version) == (edition, version)


def test_a_part_keeps_both_readings() -> None:
    name = read("Dune Part 2.mkv")

    assert (name.title, name.part) == ("Dune", 2)
    assert name.alone is not None
    assert (name.alone.title, name.alone.part) == ("Dune Part 2", None)


@pytest.mark.parametrize(
    ("path", "part", "title"),
    [
        ("Movie Name (2010)-cd1.mkv", 1, "Movie Name"),
        ("Movie Name (2010) disc b.mkv", 2, "Movie Name"),
        ("Movie.Name.2010.pt3.mkv", 3, "Movie Name"),
        ("Deathly Hallows Part 1 (2010).mkv", None, "Deathly Hallows Part 1"),
        ("Apart.mkv", None, "Apart"),
        ("cd1.mkv", None, "cd1"),
    ],
)
def test_parts(path: str, part: int | None, title: str) -> None:
    name = read(path)

    assert (name.part, name.title) == (part, title)


@pytest.mark.parametrize(
    ("path", "extra"),
    [
        ("Film (2001)/Trailers/t.mkv", "trailer"),
        ("Film (2001)/Behind The Scenes/How it was made.mkv", "behind_the_scenes"),
        ("Film (2001)/Extras/Disc 1/x.mkv", "other"),
        ("Film (2001)/Film (2001)-trailer.mkv", "trailer"),
        ("Film (2001)/Film.trailer.mkv", "trailer"),
        ("Film (2001)/Film-deleted.mkv", "deleted_scene"),
        ("Film (2001)/trailer.mkv", "trailer"),
        ("Film (2001)/theme.mp4", "theme_song"),
        ("Shorts/Film (2001).mkv", None),
        ("Shorts/Film.mkv", None),
        ("Kids/Shorts/Film (2001).mkv", None),
        ("Kids/Shorts/Film (2001)/film.mkv", None),
        ("The.Big.Short.mkv", None),
        ("The Others.mkv", None),
        ("Trailer Park Boys (2006).mkv", None),
    ],
)
def test_extras(path: str, extra: str | None) -> None:
    assert read(path).extra == extra


def test_what_is_beside_a_film_is_called_by_it() -> None:
    name = read("Film (2001)/Featurettes/The long making of.mkv")

    assert (name.title, name.year) == ("Film", 2001)


PIECES = st.sampled_from(
    [b".", b" ", b"-", b"_", b"(", b")", b"[", b"]", b"{", b"}", b"2001", b"1999", b"1080p", b"tmdb-", b"cd1", b"part",
     b"S01E01", b"edition-", b"trailer", b"Trailers", b"/", b"tt0000001", b"\xff", b"\n", "½".encode(),
     b"x264", b"A.B."]
)  # fmt: skip


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=4096), st.lists(PIECES, max_size=300).map(b"".join)))
def test_every_name_has_a_reading(path: bytes) -> None:
    name = parse_movie(path)

    assert name.title
    assert name.title.encode()
    assert "\0" not in name.title
    assert name.year is None or 1888 <= name.year <= 2099
    assert parse_movie(path) == name


@pytest.mark.parametrize(
    "piece", [b"(", b"[", b"{", b"A.", b"tmdb-", b"2001 ", b"- ", b"[a", b"x264.", b" ", b"S.W.A."]
)
def test_no_name_makes_the_parser_crawl(piece: bytes) -> None:
    """The suite's own time limit is the judge: a pattern that backtracks would take hours for these."""
    longest = (piece * 4096)[:255]

    for _ in range(200):
        parse_movie(longest + b".mkv")
        parse_movie(longest + b"/" + longest + b".mkv")
