"""What the catalogue shows: plain data, complete when returned, the same for every face.

Text that came from disks and containers is as the library keeps it, ready to be shown; nothing is opened by it.
"""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Library(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    kind: str
    paths: list[str]
    created_at: Time
    updated_at: Time


class Stream(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stream of a file, in ffmpeg's words. What is left out is not known, or does not apply to its kind."""

    index: int
    kind: str
    """video, audio, subtitle, attachment or data."""
    codec: str | None = None
    profile: str | None = None
    level: int | None = None
    language: str | None = None
    title: str | None = None
    dispositions: list[str] = []
    bit_rate: int | None = None
    start_ms: int | None = None
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    pixel_format: str | None = None
    bit_depth: int | None = None
    frame_rate: float | None = None
    sample_aspect_ratio: str | None = None
    field_order: str | None = None
    color_range: str | None = None
    color_primaries: str | None = None
    color_transfer: str | None = None
    color_space: str | None = None
    hdr: str | None = None
    """pq, hdr10 or hlg; left out: standard range."""
    channels: int | None = None
    channel_layout: str | None = None
    sample_rate: int | None = None


class SideFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Subtitles or lyrics in a file of their own, beside the media."""

    url: str
    """Below this server's own address."""
    format: str
    """srt, ass, vtt, sup, lrc …: the extension it has; vobsub for one of the tracks of an `.idx` with its `.sub`."""
    language: str | None
    """BCP 47, as its name says, or the index of a vobsub with several."""
    title: str | None
    flags: list[str]
    """default, forced, hearing_impaired."""
    pictures_url: str | None = None
    """Of vobsub: where its `.sub` is; `url` is the `.idx`, with all of its tracks. Left out for others."""


class ReplayGain(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much louder to play than it is recorded, in dB, to sound as loud as all else at -18 LUFS.

    As the tags say; where they do not, as was measured.
    """

    track_gain: float | None = None
    track_peak: float | None = None
    """The loudest sample, 1 being full scale: how far it can be turned up without clipping."""
    album_gain: float | None = None
    """For who plays the whole album, and wants its quiet songs to stay quiet."""
    album_peak: float | None = None


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a file that somebody may want to skip. Times count from what is watched first."""

    kind: str
    """intro or credits."""
    start_ms: int
    end_ms: int
    confidence: float
    """0 to 1."""
    source: str
    """sound: other episodes of the season have the same; chapter: the file itself says so."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an item. `role`, `version` and `part` say what it is to the item."""

    id: UUID
    path: str
    size: int
    state: str
    """present or missing."""
    missing_since: Time | None
    kind: str
    role: str
    """main, extra (then `extra_kind` says which) or disc."""
    extra_kind: str | None
    version: str
    edition: str | None
    part: int | None
    container: str | None
    duration_ms: int | None
    bit_rate: int | None
    problem: str | None
    """Why nothing, or not all, is known of what is in it."""
    streams: list[Stream]
    subtitles: list[SideFile] = []
    """Beside the file; those inside it are streams."""
    lyrics: list[SideFile] = []
    replay_gain: ReplayGain | None = None
    """Of a song, if it is tagged with it or was measured."""
    segments: list[Segment] = []
    """What can be skipped, in the order of time."""


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


class ItemTreePage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[ItemTree]
    next_cursor: str | None


class ItemPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Item]
    next_cursor: str | None
    """Give it back as `cursor` for what follows; null on the last page."""


class FacetCount(msgspec.Struct, frozen=True, kw_only=True):
    value: str
    count: int


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """Of what is listed, how many there are of each. The most frequent first, a hundred at most."""

    total: int
    """Items that were counted."""
    is_exact: bool
    """false: there are more, and these were drawn by chance."""
    kinds: list[FacetCount]
    genres: list[FacetCount]
    studios: list[FacetCount]
    countries: list[FacetCount]
    decades: list[FacetCount]
    resolutions: list[FacetCount]
    hdr: list[FacetCount]
    audio_languages: list[FacetCount]
    subtitle_languages: list[FacetCount]
    unmatched: int
    missing: int


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Item]


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    watched_at: Time
    item: Item


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    entries: list[HistoryEntry]
    """The last first; one for each time that something was watched to its end."""
    next_cursor: str | None


class HomeRow(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    """continue_watching, next_up, recently_added (of a library; episodes as their series, songs as their albums) or
    genre."""
    library_id: UUID | None = None
    genre: str | None = None
    items: list[Item]


class Home(msgspec.Struct, frozen=True, kw_only=True):
    rows: list[HomeRow]


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Item]
    """The best first, of all kinds."""


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """Who searches, and how well it is kept up."""

    engine: str
    """postgresql or typesense: who is asked now."""
    documents: int
    """Items that can be found."""
    waiting: int
    """Changes that cannot be found yet."""
    collection: str | None = None
    """Of Typesense: the one that is searched."""
    building: str | None = None
    """The one that is being filled to take its place."""
    problem: str | None = None
    """Why PostgreSQL is asked although Typesense is configured."""


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    start_ms: int
    end_ms: int
    title: str | None
    image_url: str | None = None
    """Of a picture of it, below this server's own address. null: none has been made."""


class FileDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about one file."""

    id: UUID
    library_id: UUID
    item_ids: list[UUID]
    path: str
    size: int
    modified_at: Time | None
    state: str
    missing_since: Time | None
    added_at: Time
    kind: str
    container: str | None
    duration_ms: int | None
    bit_rate: int | None
    probed_at: Time | None
    problem: str | None
    problem_detail: str | None
    tags: dict[str, str]
    pictures: list[dict[str, Any]]
    """Pictures inside the file: stream index, codec, width, height and bytes."""
    streams: list[Stream]
    chapters: list[Chapter]
    subtitles: list[SideFile] = []
    lyrics: list[SideFile] = []
    replay_gain: ReplayGain | None = None
    segments: list[Segment] = []
