"""What the catalogue shows: plain data, complete when returned, the same for every face. Here are libraries and items,
in `file_views` what a file is, in `page_views` what they are listed in.

Text that came from disks and containers is as the library keeps it, ready to be shown; nothing is opened by it.
"""

from datetime import date
from uuid import UUID

import msgspec

from app.catalog.file_views import File, ReplayGain, Time


class Library(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    kind: str
    paths: list[str]
    created_at: Time
    updated_at: Time


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that this server has. The best of its role comes first."""

    role: str
    """poster, backdrop, logo, banner, thumb, disc or clearart."""
    url: str
    """Below this server's own address. With `width`, `height`, `fit`, `quality`, `format` it comes made to measure."""
    tag: str
    """Changes when the picture does. The address holds it, so that it may be kept for good."""
    source: str
    """local (beside the media), embedded (inside it), nfo or remote (fetched from where an NFO or a source said)."""
    width: int | None
    height: int | None
    placeholder: str | None = None
    """BlurHash: what it looks like from afar. null: nobody has looked yet; so also for the colour."""
    color: str | None = None
    """The one there is most of: `#rrggbb`."""


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    """Whose: imdb, themoviedb …"""
    value: float
    scale: float
    """The best there can be."""
    votes: int | None


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    role: str
    """actor, guest, director, writer, producer, creator, album_artist …"""
    character: str | None
    image: Image | None = None
    """Who is named first has one, where a source knows a picture."""


class PersonDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody. What they made is `GET /items?person_id=`."""

    id: UUID
    name: str
    roles: list[str]
    """In what the viewer may see, the most frequent first."""
    item_count: int
    image: Image | None = None


class ArtistCredit(msgspec.Struct, frozen=True, kw_only=True):
    """One of those a track or an album is credited to."""

    id: UUID
    name: str
    """As it is written here, which may be another spelling than the artist's own title."""
    joinphrase: str
    """What stands between this name and the next: ` feat. `, ` & `."""


class UserState(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever asks has seen of an item, and thinks of it."""

    position_ms: int = 0
    """Where to go on; 0: at the beginning."""
    watched: bool = False
    """Of a series, season or album: all that is below it and may be seen."""
    play_count: int = 0
    last_played_at: Time | None = None
    favorite: bool = False
    unwatched_count: int | None = None
    """Of a series, season or album: how many below it were not watched."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    library_id: UUID
    parent_id: UUID | None
    kind: str
    """movie, series, season, episode, artist, album or track."""
    title: str
    sort_title: str
    original_title: str | None
    year: int | None
    released_on: date | None
    number: int | None
    """Of a season (0: the specials), of an episode in its season, of a track on its disc."""
    number_end: int | None
    absolute_number: int | None = None
    """Of an episode, counted over all seasons."""
    disc_number: int | None = None
    disc_title: str | None = None
    country: str | None = None
    """Of a series of which there is another, elsewhere: US."""
    release_types: list[str] = []
    """Of an album: album, ep, single, live, compilation …"""
    series_id: UUID | None = None
    series_title: str | None = None
    """Of a season and of an episode."""
    season_number: int | None = None
    """Of an episode."""
    album: str | None = None
    """Of a track: the title of its parent."""
    artists: list[ArtistCredit] = []
    """Of a track and of an album."""
    replay_gain: ReplayGain | None = None
    """Of a track that of its first file; of an album what its first tagged song says of the album, else as measured."""
    child_count: int = 0
    """How many items have this one as their parent: seasons of a series, albums of an artist."""
    min_age: int | None = None
    """From which age it is, as far as anybody says: the strictest of its certifications and of what it belongs to."""
    locked: list[str] = []
    """What a person wants to stay as it is, whoever says what: title, year …"""
    state: str
    """present or missing: a vanished film keeps its place, and all that hangs on it."""
    missing_since: Time | None
    added_at: Time
    updated_at: Time
    external_ids: dict[str, str]
    files: list[File]
    plot: str | None = None
    outline: str | None = None
    """The plot in a sentence or two."""
    tagline: str | None = None
    runtime_minutes: int | None = None
    """As a source says; of a file its own duration is exact."""
    status: str | None = None
    """Of a series: as a source says it."""
    ended_on: date | None = None
    trailer: str | None = None
    """An address elsewhere."""
    disambiguation: str | None = None
    type: str | None = None
    """Person or group of an artist; album, single … of an album."""
    display_season: int | None = None
    display_episode: int | None = None
    airs_before_season: int | None = None
    airs_before_episode: int | None = None
    airs_after_season: int | None = None
    genres: list[str] = []
    tags: list[str] = []
    studios: list[str] = []
    countries: list[str] = []
    styles: list[str] = []
    moods: list[str] = []
    collections: list[Collection] = []
    ratings: list[Rating] = []
    """The one that its source prefers first."""
    certifications: dict[str, str] = {}
    """For whom it is, by country; under an empty name what was said without one."""
    images: list[Image] = []
    people: list[Person] = []
    """Who plays in it and made it, in the order of billing: the first of each role, twenty at most."""
    user: UserState = UserState()


class ItemTree(Item, frozen=True, kw_only=True):
    """An item with all that is below it."""

    children: list["ItemTree"] = []
