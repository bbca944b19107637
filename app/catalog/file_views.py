"""What the catalogue shows of a file: what is in it, what lies beside it.

Text that came from disks and containers is as the library keeps it, ready to be shown; nothing is opened by it.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

Time = Annotated[datetime, msgspec.Meta(tz=True)]


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
