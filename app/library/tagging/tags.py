"""What tags say about one recording. Plain data that crosses a process boundary as JSON, and is stored as it is.

Everything here is a claim of the file. Nothing is looked up, and nothing is completed from its path.
"""

import msgspec

VARIOUS_ARTISTS = "89ad4ac3-39f7-470e-963a-56509c546377"
"""MusicBrainz's artist for `Various Artists`, under whatever name it was written."""


class Credit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One name among those that a recording or a release is credited to."""

    name: str
    sort_name: str | None = None
    musicbrainz_id: str | None = None
    joinphrase: str = ""
    """What stands between this name and the next when all are printed: ` feat. `, ` & `; empty after the last."""


class MusicTags(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Lists keep the order of the tags, without repetitions. Dates are ISO, as far as they are known: `1997-05`."""

    title: str | None = None
    sort_title: str | None = None
    artist: str | None = None
    """The credit as printed; `artists` joined by their phrases is the same, as far as that could be told."""
    artists: tuple[Credit, ...] = ()
    album: str | None = None
    sort_album: str | None = None
    album_artist: str | None = None
    album_artists: tuple[Credit, ...] = ()

    track: int | None = None
    track_total: int | None = None
    disc: int | None = None
    disc_total: int | None = None
    disc_title: str | None = None

    date: str | None = None
    """Of this release."""
    original_date: str | None = None
    """Of the first release of what is on it."""
    year: int | None = None
    original_year: int | None = None

    genres: tuple[str, ...] = ()
    is_compilation: bool = False
    release_types: tuple[str, ...] = ()
    """Lower-case: album, single, ep, live, compilation, soundtrack …"""
    release_status: str | None = None
    release_country: str | None = None
    labels: tuple[str, ...] = ()
    catalog_numbers: tuple[str, ...] = ()
    barcode: str | None = None
    isrcs: tuple[str, ...] = ()
    media: str | None = None
    """What it was published on: CD, 12" Vinyl …"""

    composers: tuple[str, ...] = ()
    lyricists: tuple[str, ...] = ()
    conductors: tuple[str, ...] = ()
    performers: tuple[str, ...] = ()
    work: str | None = None
    language: str | None = None
    comment: str | None = None
    copyright: str | None = None
    lyrics: str | None = None
    """Plain text, or LRC (lines that begin with `[01:23.45]`) where the tags have times."""
    bpm: int | None = None

    recording_id: str | None = None
    """MusicBrainz identifiers, lower-case, and only what looks like one. The same recording is on many releases;"""
    track_id: str | None = None
    """the same track on one only."""
    release_id: str | None = None
    release_group_id: str | None = None
    work_ids: tuple[str, ...] = ()

    track_gain: float | None = None
    """ReplayGain in dB, for a reference of -18 LUFS, whichever way it was written."""
    track_peak: float | None = None
    """1.0 is full scale."""
    album_gain: float | None = None
    album_peak: float | None = None
