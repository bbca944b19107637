"""What names say: one frozen record per kind of thing.

A reading, not the truth. Whoever builds items takes from here what a name claims, and lets tags, side files, sources
and people overrule it. Absent is None (or an empty tuple): a record never guesses to fill a field.

- `parse_movie(path)` → `ParsedMovie`
- `parse_episode(folders, name)` → `ParsedEpisode`
- `parse_track(folders, name)` → `ParsedTrack`
- `parse_side_file(name, stems, folders)` → `ParsedSideFile` or None

`split(path)` turns the bytes of a path below its root into the `folders` and the `name` that the last three take.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

Ids = tuple[tuple[str, str], ...]
"""(provider, value) as `{tmdb-603}` orders, sorted: tmdb, imdb, tvdb, anidb, tvmaze, and musicbrainz of albums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMovie:
    title: str
    """Never empty."""
    year: int | None = None
    ids: Ids = ()
    """Of the file's or its folder's name."""
    edition: str | None = None
    version: str = ""
    """What tells this file from another of the same film: `1080p`, `Director's Cut`."""
    part: int | None = None
    stack: str | None = None
    """With `part`: what the parts of one film have in common. Without a sibling of the same stack, read `alone`."""
    alone: "ParsedMovie | None" = None
    """The other reading: in which `Part 2` belongs to the title, or what lies in a folder called `Shorts` is a film."""
    extra: str | None = None
    """trailer, sample, featurette …: something beside a film."""
    is_disc: bool = False
    """One of the many files of a DVD or Blu-ray folder, which together are one film."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedEpisode:
    """A file of a show. What numbers it is the first of these that is there: `first` to `last` of the season,
    `absolute`, `aired`. `first` and `absolute` never stand together, a day may stand beside either. Where there is none
    it is an extra, or nothing numbers it and `title` is all it says."""

    series: str
    """Never empty. Of the series' folder where there is one, else of the file: without year, country and ids."""
    series_year: int | None = None
    country: str | None = None
    """Two capital letters: `The Office (US)`."""
    series_ids: Ids = ()
    home: int = 0
    """How many folders lead to the series' own: `folders[:home]`. 0: the file lies in no folder of its series."""

    season: int | None = None
    """0 holds the specials. May be a year (`S2009E23`). With `absolute` it is what the folder or the title claimed."""
    first: int | None = None
    last: int | None = None
    """Episodes `first` to `last` of the season, both counted: one file may hold several. Equal for one episode."""
    absolute: tuple[int, int] | None = None
    """(first, last), counted over all seasons, as anime is."""
    aired: date | None = None
    """Daily shows are numbered by their day."""
    is_special: bool = False
    """Season 0, by number, by word (`Specials`, OVA, SP2) or by folder."""

    title: str | None = None
    part: int | None = None
    """1 for `S01E05a`, 2 for `S01E05b` or `pt2`: the halves of one episode. Versions of one have equal parts."""
    ids: Ids = ()
    """Of the episode: those in the file's own name, when the series' folder has others."""

    edition: str | None = None
    version: str = ""
    """What tells this file from another of the same episode, for people: `1080p`."""
    resolution: str | None = None
    """`1080p`, `2160p` …"""
    source: str | None = None
    """`BluRay`, `WEB-DL`, `HDTV` …, as written."""
    group: str | None = None
    """Who released it."""
    extra: str | None = None
    """trailer, behind_the_scenes, opening …: beside the series, or beside its season if `season` says so."""
    is_disc: bool = False
    """One of the many files of a DVD or Blu-ray folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedTrack:
    """A song by its path alone. Its tags know better: this is for what has none."""

    title: str
    """Never empty."""
    artist: str | None = None
    """The track's own where the name tells it (`01 - Artist - Title` of a compilation), else the album's."""
    album_artist: str | None = None
    album: str | None = None
    album_year: int | None = None
    disc: int | None = None
    disc_title: str | None = None
    number: int | None = None
    """Of the track on its disc."""
    is_compilation: bool = False
    """It lies under Various Artists or the like."""
    ids: Ids = ()
    home: int = 0
    """How many folders lead to the album's own: `folders[:home]`, without those of its discs."""


class SideKind(StrEnum):
    SUBTITLE = "subtitle"
    LYRICS = "lyrics"
    ARTWORK = "artwork"
    NFO = "nfo"


class ArtworkRole(StrEnum):
    POSTER = "poster"
    """Also an album's cover, and whatever is just called `folder`."""
    BACKDROP = "backdrop"
    LOGO = "logo"
    BANNER = "banner"
    THUMB = "thumb"
    """Wide, with the title on it; of an episode a still."""
    DISC = "disc"
    CLEARART = "clearart"
    ARTIST = "artist"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSideFile:
    """A file beside others that says something of them."""

    kind: SideKind
    stem: str | None = None
    """One of the given stems, as it was given: the media file this belongs to. None: to the folder (or its season)."""

    language: str | None = None
    """BCP-47: `de`, `pt-BR`, `zh-Hant`. Subtitles and lyrics."""
    title: str | None = None
    """What is left of a subtitle's name: `Commentary`."""
    is_default: bool = False
    is_forced: bool = False
    is_sdh: bool = False
    """For those who hear badly: sdh, cc, hi (beside a language; alone `hi` is Hindi)."""

    role: ArtworkRole | None = None
    """Artwork only."""
    season: int | None = None
    """`season01-poster.jpg` → 1, `season-specials-poster` → 0. Also of `season01.nfo`."""
    all_seasons: bool = False
    """`season-all-poster.jpg`."""
    position: int = 0
    """Order among several of one role: `fanart3` → 3."""

    subject: str | None = None
    """NFO only, when its name says what of: movie, tvshow, season, artist, album."""
