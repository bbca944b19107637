"""Which folder is a series' own, and what it or a file says of the series."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.library.naming import patterns as p
from app.library.naming.parsed import Ids
from app.library.naming.places import DISC_FOLDER, extra_of, is_disc
from app.library.naming.seasons import SeasonFolder, folded, read_season_folder, seasons_in
from app.library.naming.segment import is_word, spaced, take_ids, without_site
from app.library.naming.text import LONGEST, clean_text, squeeze, title_key

SHELVES = frozenset(
    (
        *("tv", "tv shows", "tv series", "tvshows", "tv-shows", "shows", "series", "serien", "séries", "miniseries"),
        *("anime", "cartoons", "dessins animés", "kids", "documentaries", "dokus", "media", "video", "videos"),
        *("downloads", "download", "complete", "completed", "incoming", "unsorted", "new", "torrents", "usenet"),
    )
)
"""A folder right above files that is called so is no series, if it has no seasons."""

INSIDES = frozenset({"subs", "subtitles", "sample", "proof"})
_EPISODE = re.compile(r"(?<![^\W_])(?:s[0-9]{1,4}[ ._-]{0,3}e[0-9]{1,5}|[0-9]{1,2}x[0-9]{2,3})(?![0-9])", re.IGNORECASE)
_RELEASED = re.compile(r"(?:(?:19|20)[0-9]{2}[-._ ][0-9]{2}[-._ ][0-9]{2})(?![0-9])")
_YEARS = re.compile(r"\(((?:19|20)[0-9]{2})(?: ?[-–] ?(?:(?:19|20)[0-9]{2}|present)? ?)?\)|\[((?:19|20)[0-9]{2})\]")
_LAST_YEAR = re.compile(r"(?<=[\w!?.)\]]) ?(?<![0-9])((?:19|20)[0-9]{2})$")
_COUNTRY = re.compile(r"[(\[](US|USA|UK|[A-Z]{2})[)\]]")
_BARE_COUNTRY = re.compile(r"(?<=\w) (US|UK|AU|NZ|CA)$")
_VERSION = re.compile(r"[ .]v[0-9][ .]*$", re.IGNORECASE)
_PACKS = re.compile(
    r"[ ._(\[-]+(?:the[ ._])?(?:complete|mini-?series|integrale?|collection[ ._]complete)(?![^\W_]).*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Series:
    title: str
    """Empty: nothing is said."""
    year: int | None = None
    country: str | None = None
    ids: Ids = ()


@dataclass(frozen=True, slots=True)
class Home:
    """What the folders above a file say."""

    count: int
    """Of folders that lead to the series' own."""
    season: int | None = None
    series: Series = Series("")
    extra: tuple[str, bool] | None = None
    is_disc: bool = False
    episode: str | None = None
    """A folder's name that numbers an episode, for a file that does not."""
    disc_title: str | None = None
    """Of one of several discs: its folder's name."""


@lru_cache(maxsize=4096)
def home_of(folders: tuple[str, ...]) -> Home:
    """Read the folders above a file. The innermost that is no season's and no extras' is the series' own."""
    folders = tuple(clean_text(folder)[:LONGEST] for folder in folders)
    count, seen = len(folders), _Inside()
    while count and seen.takes(folders, count):
        count -= 1
    if not count:
        # Seasons and extras right below the root: the outermost is taken for the series'.
        return Home(min(1, len(folders)), seen.season, Series(""), seen.extra, seen.disc, seen.episode, seen.disc_title)
    own = folders[count - 1]
    inner = read_season_folder(own)
    season = inner.season if inner is not None and seen.season is None else seen.season
    episode = seen.episode
    if episode is None and (_EPISODE.search(own) is not None or _RELEASED.search(own) is not None):
        episode = own
    if not seen.is_named and own.casefold() in SHELVES:
        return Home(0, season, Series(""), seen.extra, seen.disc, episode, seen.disc_title)
    return Home(count, season, read_series(own, is_folder=True), seen.extra, seen.disc, episode, seen.disc_title)


@dataclass(slots=True)
class _Inside:
    """What the folders inside a series' own say, from the innermost on."""

    season: int | None = None
    extra: tuple[str, bool] | None = None
    disc: bool = False
    disc_title: str | None = None
    episode: str | None = None
    is_named: bool = False
    """The season by a word, not by a number alone, which may as well be the year of a shelf."""

    def _is_of_disc(self, name: str, count: int) -> bool:
        """Whether it is `BDMV`, or the `Disc 1` around it."""
        if is_disc(name):
            self.disc = True
            return True
        if not self.disc or self.disc_title is not None or count < 2 or not DISC_FOLDER.fullmatch(name.strip()):  # noqa: PLR2004
            return False
        self.disc_title = name.strip()
        return True

    def takes(self, folders: tuple[str, ...], count: int) -> bool:
        """Whether the last of so many folders is inside of a series' own."""
        name = folders[count - 1]
        if self._is_of_disc(name, count):
            return True
        if self.extra is None and self.season is None and count > 1 and (found := extra_of(name)) is not None:
            self.extra = found
            return True
        if _EPISODE.search(name) is not None and _belongs_above(folders, count, ""):
            self.episode = self.episode or name
            return True
        inner = read_season_folder(name)
        if inner is not None and inner.season is not None and (count > 1 or not inner.series):
            self.season = inner.season if self.season is None else self.season
            self.is_named = self.is_named or not name.isdigit()
            return not inner.series or _belongs_above(folders, count, inner.series)
        if count < 2:  # noqa: PLR2004  nothing above
            return False
        return (
            name.casefold() in INSIDES
            or DISC_FOLDER.fullmatch(name.strip()) is not None
            or (count > 2 and _is_in_season(folders[count - 2]))  # noqa: PLR2004  series and season above
        )


def _is_in_season(above: str) -> bool:
    season = read_season_folder(above)
    return season is not None and not season.series and not above.isdigit()


def _belongs_above(folders: Sequence[str], count: int, series: str) -> bool:
    """Whether a folder that names its series or episode lies in that series' folder or its season's."""
    if count < 2:  # noqa: PLR2004  nothing above
        return False
    above = folders[count - 2]
    if above.casefold() in SHELVES:
        return False
    parent: SeasonFolder | None = read_season_folder(above)
    if parent is not None and not parent.series:
        return True
    one, other = title_key(series or folders[count - 1]), title_key(read_series(above, is_folder=True).title)
    return bool(other) and (one.startswith(other) or other.startswith(one))


@lru_cache(maxsize=4096)
def read_series(text: str, *, is_folder: bool = False) -> Series:
    """Read a series' folder, or what stands before the numbers in a file's name."""
    text, ids = take_ids(text)
    text = without_site(text)
    is_release = not is_folder
    if is_folder:
        text, is_release = _without_release(text)
    text = _without_groups(text)
    text = text.replace("_", " ")
    if not any(map(str.isalpha, text)):
        text = text.strip(" .-_")
    else:
        dotted = text
        text = spaced(text)
        if text == dotted and text.rstrip(" -").endswith(".") and is_release and " " in text.strip():
            text = text.rstrip(" -")[:-1]
    if is_release:
        text = _VERSION.sub("", text)
    text, year = _take_year(text, plain=is_release)
    text, country = _take_country(text, bare=is_release)
    if year is None:
        text, year = _take_year(text, plain=is_release)
    title = squeeze(p.SQUARE_OR_CURLY.sub(" ", p.EMPTY_BRACKETS.sub(" ", text)))
    if not title and is_folder:
        title = squeeze(text)
    title = title.rstrip("([{ -")
    return Series(title if any(map(str.isalpha, title)) else title.rstrip("."), year, country, ids)


def _without_release(text: str) -> tuple[str, bool]:
    """Cut a folder's name where its season, episode, day or first tag stands."""
    low = folded(text)
    places = [found.start() for found in (_EPISODE.search(low), _RELEASED.search(low)) if found is not None]
    season = next((found for found in seasons_in(low) if is_word(low[: found.start()])), None)
    if season is not None:
        places.append(season.start())
    tag = next((found for found in p.RELEASE_TAG.finditer(low) if is_word(low[: found.start()])), None)
    if tag is not None:
        places.append(tag.start())
    group = p.LEADING_GROUP.match(text)
    places = [place for place in places if is_word(text[group.end() if group is not None else 0 : place])]
    if places:
        text = text[: min(places)]
    pack = _PACKS.search(text)
    if pack is not None and is_word(text[: pack.start()]):
        text = text[: pack.start()]
    return text, bool(places)


def _without_groups(text: str) -> str:
    while (group := p.LEADING_GROUP.match(text)) is not None:
        after = text[group.end() :].lstrip("_.- ")
        if not is_word(p.SQUARE_OR_CURLY.sub("", after)):
            break
        text = after
    return text


def _take_year(text: str, *, plain: bool) -> tuple[str, int | None]:
    found = _YEARS.search(text)
    if found is not None and is_word(text[: found.start()]):
        return f"{text[: found.start()]} {text[found.end() :]}", int(found[1] or found[2])
    stripped = text.rstrip(" -._([")
    last = _LAST_YEAR.search(stripped) if plain and stripped[-4:].isdigit() else None
    if last is not None and is_word(stripped[: last.start()]) and int(last[1]) <= p.LAST_YEAR:
        return stripped[: last.start()], int(last[1])
    return text, None


def _take_country(text: str, *, bare: bool) -> tuple[str, str | None]:
    found = _COUNTRY.search(text)
    if found is None and bare:
        stripped = text.rstrip(" -._")
        found = _BARE_COUNTRY.search(stripped)
        text = stripped if found is not None else text
    if found is None or not is_word(text[: found.start()]):
        return text, None
    code = {"UK": "GB", "USA": "US"}.get(found[1], found[1])
    return f"{text[: found.start()]} {text[found.end() :]}", code
