"""What an NFO says, as plain frozen data. Every field may be missing; nothing here has been believed yet."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class NfoKind(StrEnum):
    MOVIE = "movie"
    SERIES = "tvshow"
    SEASON = "season"
    EPISODE = "episodedetails"
    ARTIST = "artist"
    ALBUM = "album"
    NONE = "none"
    """No description at all, only links to where one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NfoPerson:
    name: str
    role: str
    """actor, director, writer, producer, composer, artist … as `credit.role` has them."""
    character: str | None = None
    order: int | None = None
    thumb: str | None = None
    """An http address. Nothing in this domain fetches it."""
    ids: tuple[tuple[str, str], ...] = ()
    join_phrase: str | None = None
    """What stands between this artist's name and the next one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NfoRating:
    name: str
    value: float
    scale: float = 10.0
    votes: int | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NfoImage:
    role: str
    """As `image.role` has them."""
    url: str
    season: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NfoStream:
    """What the NFO's writer found in the file. Our own probe knows better; kept for where there is none yet."""

    kind: str
    codec: str | None = None
    language: str | None = None
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    duration_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NfoTrack:
    title: str
    disc: int | None = None
    position: int | None = None
    musicbrainz_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NfoRecord:
    kind: NfoKind
    title: str | None = None
    original_title: str | None = None
    sort_title: str | None = None
    year: int | None = None
    premiered: date | None = None
    ended: date | None = None
    plot: str | None = None
    outline: str | None = None
    tagline: str | None = None
    runtime_minutes: int | None = None
    certifications: tuple[tuple[str, str], ...] = ()
    """(country in upper case, or empty when it is not said; what it says)."""
    genres: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    studios: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    collection: str | None = None
    collection_overview: str | None = None
    collection_ids: tuple[tuple[str, str], ...] = ()
    people: tuple[NfoPerson, ...] = ()
    ratings: tuple[NfoRating, ...] = ()
    external_ids: tuple[tuple[str, str], ...] = ()
    images: tuple[NfoImage, ...] = ()
    trailer: str | None = None
    status: str | None = None
    season: int | None = None
    episode: int | None = None
    episode_end: int | None = None
    display_season: int | None = None
    display_episode: int | None = None
    airs_before_season: int | None = None
    airs_before_episode: int | None = None
    airs_after_season: int | None = None
    season_names: tuple[tuple[int, str], ...] = ()
    streams: tuple[NfoStream, ...] = ()
    is_locked: bool = False
    """Its writer asks that nobody else's word counts: Kodi's and Jellyfin's `lockdata`."""
    locked_fields: tuple[str, ...] = ()
    disambiguation: str | None = None
    type: str | None = None
    """Person or group of an artist; album, EP, single … of an album."""
    is_compilation: bool | None = None
    tracks: tuple[NfoTrack, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nfo:
    """One file: its records in their order, and what was wrong with it."""

    records: tuple[NfoRecord, ...] = ()
    problem: str | None = None
    unread: tuple[str, ...] = ()
    """Roots of kinds that we do not read."""
