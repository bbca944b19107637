"""Episodes of shows: by season, by absolute number, by day."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.library.naming import patterns as p
from app.library.naming.extras import Extra, extra_of_series
from app.library.naming.numbering import Numbers, find_numbers
from app.library.naming.parsed import Ids, ParsedEpisode
from app.library.naming.releases import Release, read_release
from app.library.naming.seasons import WEAK, folded, number_of, seasons_in
from app.library.naming.segment import is_word, spaced, take_edition, take_ids
from app.library.naming.series import Home, Series, home_of, read_series
from app.library.naming.text import LONGEST, clean_text, squeeze, title_key

_ASIAN = str.maketrans("【】（）［］「」０１２３４５６７８９　", "[]()[][]0123456789 ")
_TRAILING_WORDS = re.compile(
    r"(?:[ .](?:FRENCH|TRUEFRENCH|GERMAN|German|SPANISH|ITALIAN|ENGLISH|ENG|ITA|FR|VOSTFR|VF|MULTi|MULTI|PROPER|REPACK|"
    r"repack|proper|iNTERNAL|INTERNAL|READNFO|DUBBED|Dubbed|SUBBED|Subbed|DOKU|AC3D|DL|WS|LD|DF|NTSC|PAL|UNCUT|HD|V2))+$"
)
_BRACKETS = re.compile(r"\[[^\[\]]*\]|\{[^{}]*\}")
_SEASON_IN_PARENS = re.compile(r" ?\((?:season|staffel|saison|temporada|s) ?[0-9]{1,2}\)", re.IGNORECASE)
_PARENS = re.compile(r"\(([^()]*)\)")
_PART = re.compile(r"(?:^|[ ._-])(?:part|pt|cd|disc)([1-9])$", re.IGNORECASE)
_COUNTED_TOO = re.compile(r"[ ._]-[ ._]+[0-9]{1,4}(?:\.[0-9])?[ ._-]*[(\[]?[ ._-]*$")
"""`Show - 05 - S01E05`: counted over all seasons as well."""
_COUNTED_AFTER = re.compile(r"^[ ._-]+[0-9]{2,4}[ ._]+-(?=[ ._])")
"""`Show - S01E05 - 005 - Name`."""
_COUNTRIES = ("US", "UK", "AU", "NZ", "CA")
_MERE_VERSION = re.compile(r"v[0-9]|end|fin|final|\((?:19|20)[0-9]{2}\)|[0-9.]+[0-9]*v[0-9]", re.IGNORECASE)
_CHECKSUM = re.compile(
    r"[0-9A-Fa-f]{8}|[0-9]{1,4}[-.][0-9]{2}[-.][0-9]{2,4}|s[0-9]+e[0-9]+|[0-9]{2,4}(?:-[0-9]{2,4})?", re.IGNORECASE
)


def parse_episode(folders: Sequence[str], name: str) -> ParsedEpisode:
    """Read the path of a show's file below its root: `folders` from the outermost on, `name` with its extension."""
    home = home_of(tuple(folders))
    stem, ids, edition = _prepared(name.rpartition(".")[0] or name)
    if home.is_disc:
        return _built(home, _Reading(home.series, season=home.season, title=home.disc_title, is_disc=True), stem)
    extra = extra_of_series(stem)
    numbers = _numbers(stem if extra is None else extra.stem, home)
    if numbers is not None and home.episode is not None and not numbers.is_explicit and numbers.aired is None:
        numbers = None  # of `Show.S01E02.720p/160725_02.mkv` the folder knows
    if extra is not None or (home.extra is not None and (home.extra[1] or numbers is None or not numbers.is_explicit)):
        reading = _read_extra(home, stem, extra, numbers)
    elif numbers is not None:
        reading = _read_numbered(home, stem, numbers)
    else:
        reading = _read_unnumbered(home, stem)
    reading.ids, reading.edition = ids, edition
    return _built(home, reading, stem)


def series_home(folders: Sequence[str]) -> int:
    """Return how many of the folders lead to the series' own."""
    return home_of(tuple(folders)).count


@dataclass(slots=True)
class _Reading:
    """What the name says, before it is weighed against what the folders say."""

    series: Series
    numbers: Numbers | None = None
    season: int | None = None
    title: str | None = None
    part: int | None = None
    rest: str = ""
    """From the first release tag on."""
    extra: str | None = None
    is_disc: bool = False
    ids: Ids = ()
    edition: str | None = None


def _prepared(stem: str) -> tuple[str, Ids, str | None]:
    stem = clean_text(stem)[:LONGEST]
    if not stem.isascii():
        stem = stem.translate(_ASIAN)
    stem, ids = take_ids(stem)
    stem, edition = take_edition(stem)
    return stem, ids, edition


def _numbers(stem: str, home: Home) -> Numbers | None:
    return find_numbers(stem, season=home.season, in_folder=home.count > 0, title=home.series.title)


def _read_extra(home: Home, stem: str, extra: Extra | None, numbers: Numbers | None) -> _Reading:
    kind = extra.kind if extra is not None else home.extra[0] if home.extra is not None else "other"
    before = extra.stem if extra is not None else ""
    if numbers is not None and numbers.is_explicit:
        reading = _read_numbered(home, before or stem, numbers)
        reading.extra = kind
        return reading
    marked = next(seasons_in(folded(before)), None)
    season = number_of(marked) if marked is not None and extra is not None else home.season
    text = before[: marked.start()] if marked is not None else before
    title, rest = ("", "") if extra is not None else _cut(stem)
    return _Reading(read_series(text), season=season, title=_title(title, home.series.title), rest=rest, extra=kind)


def _read_numbered(home: Home, stem: str, numbers: Numbers) -> _Reading:
    before, after = stem[: numbers.start], stem[numbers.end :]
    if numbers.is_explicit and before.rstrip(" ._-([")[-1:].isdigit():
        before = _COUNTED_TOO.sub("", before)
    series = _series_of(home, numbers.title if numbers.title is not None else before)
    text, rest = _cut(after)
    title = _title(_COUNTED_AFTER.sub("", text) if numbers.is_explicit else text, home.series.title)
    if not series.title and not home.series.title and title is not None:
        named, _, title = title.partition(" - ")
        series, title = read_series(named), title or None
    part = numbers.part
    if title is None and numbers.first is None and numbers.absolute is None and numbers.aired is None:
        title = stem[numbers.start : numbers.end].strip(" ._-") or None  # 138.5, between two episodes
    if title is not None and part is None and (found := _PART.search(title)) is not None:
        part, title = int(found[1]), squeeze(title[: found.start()]) or None
    return _Reading(series, numbers, season=numbers.season, title=title, part=part, rest=rest)


def _series_of(home: Home, before: str) -> Series:
    """Read what stands before the numbers, if it can add to what the folder says."""
    if "(" in before:
        before = _SEASON_IN_PARENS.sub(" ", before)
    known = home.series
    if known.title and (known.year is not None or ("19" not in before and "20" not in before)):
        codes = () if known.country is not None else _COUNTRIES
        if not any(map(before.__contains__, codes)):
            return known
    return read_series(before)


def _read_unnumbered(home: Home, stem: str) -> _Reading:
    if home.episode is not None and (numbers := find_numbers(home.episode, season=home.season, in_folder=False)):
        return _Reading(read_series(home.episode[: numbers.start]), numbers, numbers.season, rest=home.episode)
    text, rest = _cut(stem)
    marked = next(seasons_in(folded(text)), None)
    if marked is not None and not marked[0].startswith(WEAK) and (marked["short"] or marked.start()):
        title = _title(text[marked.end() :], home.series.title)
        return _Reading(read_series(text[: marked.start()]), season=number_of(marked), title=title, rest=rest)
    return _Reading(read_series(text), season=home.season, title=_title(text, home.series.title), rest=rest)


def _built(home: Home, read: _Reading, stem: str) -> ParsedEpisode:
    numbers = read.numbers if read.numbers is not None else _NO_NUMBERS
    series = home.series if home.series.title else read.series
    alike = series is read.series or _same(series, read.series)
    season = read.season if read.season is not None else None if numbers.aired is None else home.season
    release = _release(read, stem)
    return ParsedEpisode(
        series=series.title or read.series.title or squeeze(stem) or "?",
        series_year=series.year or (read.series.year if alike else None),
        country=series.country or (read.series.country if alike else None),
        series_ids=series.ids or (() if home.count else read.ids),
        home=home.count,
        season=season,
        first=numbers.first,
        last=numbers.last,
        absolute=numbers.absolute,
        aired=numbers.aired,
        is_special=season == 0,
        title=read.title,
        part=read.part,
        ids=read.ids if home.count else (),
        edition=release.edition,
        version=release.version,
        resolution=release.resolution,
        source=release.source,
        group=release.group,
        extra=read.extra,
        is_disc=read.is_disc,
    )


_NO_NUMBERS = Numbers(0, 0)


def _same(one: Series, other: Series) -> bool:
    return title_key(one.title) == title_key(other.title)


def _release(read: _Reading, stem: str) -> Release:
    group = p.LEADING_GROUP.match(stem) if stem.startswith("[") else None
    named = group[1] if group is not None and len(stem) > group.end() else None
    return read_release(read.rest, read.edition, named)


def _cut(text: str) -> tuple[str, str]:
    """Split at the first release tag."""
    tag = p.RELEASE_TAG.search(text)
    if tag is None:
        return text, ""
    place = tag.start()
    opened = text.rfind("(", 0, place)
    if opened > text.rfind(")", 0, place):
        place = opened
    if "[" in text[:place] and "]" in text[place:]:
        # `1x03 [WEBDL-720p][h264] - Name`: the name comes after the brackets.
        without = _BRACKETS.sub(" ", text)
        other = p.RELEASE_TAG.search(without)
        return (without if other is None else without[: other.start()]), text[place:]
    return text[:place], text[place:]


def _title(text: str, series: str) -> str | None:
    """Return the title of an episode, None if nothing is left of it."""
    text = _BRACKETS.sub(" ", text.lstrip(" ._-])}"))
    text = _PARENS.sub(_kept, text) if "(" in text else text
    title = squeeze(spaced(text).replace("_", " "))
    title = squeeze(_TRAILING_WORDS.sub("", title)).rstrip("([{ -").strip(" .") if title else ""
    if series and title.casefold().startswith(f"{series.casefold()} - "):
        title = squeeze(title[len(series) + 3 :])
    if not is_word(title) or _MERE_VERSION.fullmatch(title) is not None:
        return None
    return title


def _kept(parens: re.Match[str]) -> str:
    """Titles hold brackets, too: `(1)`, `(Part Two)`. Tags, checksums and days in brackets are none of it."""
    inner = parens[1]
    if p.EPISODE_TAIL.search(inner) is not None or _CHECKSUM.fullmatch(inner) is not None:
        return " "
    return parens[0]
