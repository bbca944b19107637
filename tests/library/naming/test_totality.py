"""Whatever a file is called, it has a reading, soon, and release tags do not change its title."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.library.kinds import LibraryKind
from app.library.naming import anchor_of, parse_episode, parse_movie, parse_side_file, parse_track, patterns, split
from app.library.naming.seasons import WORDS

PIECES = st.sampled_from(
    ["S01E02", "s1", "e", "1x02", "-", " - ", ".", "_", " ", "(", ")", "[", "]", "{", "}", "12", "1999", "2024.01.31",
     "Season", "Staffel", "2. Staffel", "第3話", "シーズン", "Folge", "Part 2", "of", "1080p", "x264", "tmdb-7", "Disc",
     "CD1", "01", "OVA", "SP", "NCOP", "bonus", "trailer", "-sample", "Specials", "Extras", "Subs", "VIDEO_TS", "www.",
     "en", "forced", "season-all", "poster", "½", "İ", "ß", "\ud800", "\udcff", "\n", "\0", "/", "Cap.101", "[Group]",
     "v2", "E05-E", "&", "~"]
)  # fmt: skip
NAMES = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=80).map("".join))
FOLDERS = st.lists(NAMES, max_size=4)
UNHURRIED = settings(deadline=None)
"""How long one example takes on a busy machine says nothing; the last test of this file guards time."""
TAGS = ["1080p", "720p", "BluRay", "WEB-DL", "x264", "HEVC", "HDTV"]


def strings(value: object) -> Iterator[str]:
    """Yield every string of a record, also those inside of its tuples."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        yield from chain.from_iterable(map(strings, value))


@UNHURRIED
@given(FOLDERS, NAMES)
def test_every_name_of_an_episode_has_a_reading(folders: list[str], name: str) -> None:
    read = parse_episode(folders, name)

    assert read.series
    assert 0 <= read.home <= len(folders)
    assert (read.first is None) == (read.last is None)
    assert read.first is None or read.first <= (read.last or 0)
    assert read.absolute is None or read.absolute[0] <= read.absolute[1]
    assert not (read.first is not None and read.absolute is not None)
    assert all("\0" not in text and text.encode() is not None for text in strings(astuple(read)))
    assert parse_episode(folders, name) == read


@UNHURRIED
@given(FOLDERS, NAMES)
def test_every_name_of_a_song_has_a_reading(folders: list[str], name: str) -> None:
    read = parse_track(folders, name)

    assert read.title
    assert 0 <= read.home <= len(folders)
    assert all("\0" not in text and text.encode() is not None for text in strings(astuple(read)))


@UNHURRIED
@given(NAMES, st.sampled_from(["srt", "lrc", "jpg", "nfo", "SUP", "txt"]), st.lists(NAMES, max_size=3), FOLDERS)
def test_every_side_file_has_a_reading_or_none(name: str, extension: str, stems: list[str], folders: list[str]) -> None:
    read = parse_side_file(f"{name}.{extension}", stems, folders)

    assert read is None or read.stem is None or read.stem in stems
    assert read is None or read.language is None or read.language[:2].isalpha()


@UNHURRIED
@given(st.binary(max_size=4096), st.sampled_from(LibraryKind))
def test_an_anchor_is_a_folder_above(path: bytes, kind: LibraryKind) -> None:
    anchor = anchor_of(path, kind)

    assert path == anchor or not anchor or path.startswith(anchor + b"/")


@UNHURRIED
@given(st.binary(max_size=300).filter(lambda name: b"/" not in name))
def test_bytes_that_are_no_text_are_read_like_their_replacement(name: bytes) -> None:
    """The scan hands over bytes; who walks with `os` has them escaped. Neither may break what is written of them."""
    escaped = os.fsdecode(name)

    assert all(text.encode() is not None for text in strings(astuple(parse_episode(["Show"], escaped))))
    assert all(text.encode() is not None for text in strings(astuple(parse_track(["Artist", "Album"], escaped))))


MEANINGFUL = {
    "part",
    "special",
    "specials",
    "episode",
    "disc",
    "bonus",
    "trailer",
    "sample",
    "creditless",
    "folge",
    "teil",
}


def is_plain(word: str) -> bool:
    """Whether a word means nothing to the parsers: no tag, no edition, no season in any language."""
    means_something = patterns.EPISODE_TAIL.search(word) or patterns.EDITION.search(word)
    return not means_something and re.fullmatch(WORDS, word.lower()) is None and word.lower() not in MEANINGFUL


TITLES = st.lists(
    st.from_regex(r"[A-Z][a-z]{3,9}", fullmatch=True).filter(is_plain),
    min_size=1,
    max_size=4,
)


@UNHURRIED
@given(TITLES, st.integers(1, 99), st.integers(1, 99), st.lists(st.sampled_from(TAGS), min_size=1, max_size=4))
def test_a_release_tag_does_not_change_the_title_of_a_series(
    words: list[str], season: int, episode: int, tags: Sequence[str]
) -> None:
    plain = parse_episode([], f"{'.'.join(words)}.S{season:02}E{episode:02}.mkv")
    tagged = parse_episode([], f"{'.'.join([*words, f'S{season:02}E{episode:02}', *tags])}-GRP.mkv")

    assert (plain.series, plain.season, plain.first, plain.title) == (tagged.series, tagged.season, tagged.first, None)
    assert tagged.title is None


@UNHURRIED
@given(TITLES, st.integers(1930, 2030), st.lists(st.sampled_from(TAGS), min_size=1, max_size=4))
def test_a_release_tag_does_not_change_the_title_of_a_film(words: list[str], year: int, tags: Sequence[str]) -> None:
    plain = parse_movie(f"{' '.join(words)} ({year}).mkv".encode())
    tagged = parse_movie(f"{' '.join(words)} ({year}) {' '.join(tags)}.mkv".encode())
    scene = parse_movie(f"{'.'.join([*words, str(year), *tags])}.mkv".encode())

    assert (plain.title, plain.year) == (tagged.title, tagged.year) == (scene.title, scene.year)


PARSERS: list[Callable[[str], object]] = [
    lambda name: parse_movie(name.encode()),
    lambda name: parse_movie(f"{name}/{name}".encode()),
    lambda name: parse_episode([name, name], name),
    lambda name: parse_episode([], name),
    lambda name: parse_track([name, name], name),
    lambda name: parse_side_file(f"{name}.srt", [name[:20], "Show"], [name]),
    lambda name: parse_side_file(f"{name}.jpg", []),
    lambda name: split(f"{name}/{name}".encode()),
]


@pytest.mark.parametrize("length", [255, 4000])
@pytest.mark.parametrize(
    "piece",
    ["(", "[", "{", "]", "A.", "a ", " ", ".", "_", "-", "- ", "1", "12 ", "1-", "-1", "S1", "S1E1", "E1-", "1x1", "x1",
     "2001 ", "2024.01.", "[a]", "(a)", "[1]", "season ", "season 1 ", "第", "1.staffel ", "of ", "part 1 ", "ep",
     "x264.", "S.W.A.", "www.", "-1-1", "~ ", "01-02-", "v2", "en.", "forced.", "é", "ー", "OVA ", "cap.",
     "tmdb-", " - 1", ". - "],
)  # fmt: skip
def test_no_name_makes_a_parser_crawl(piece: str, length: int) -> None:
    """The suite's own time limit is the judge: a pattern that backtracks would take hours for these."""
    name = (piece * length)[:length]

    for parse in PARSERS:
        parse(name)
        parse(f"Show {name}.1080p.mkv")
