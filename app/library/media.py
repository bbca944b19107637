"""What probing a file says. Plain data that crosses a process boundary as JSON, and is stored as it is."""

from enum import StrEnum

import msgspec

from app.library.tagging import MusicTags

PROBER_VERSION = 2
"""Counts changes of what a probe finds. A file probed by an older prober is probed again by the next full scan."""


class Problem(StrEnum):
    """Why a probe gave nothing, or not all."""

    CORRUPT = "corrupt"
    """The bytes are not what their format demands: damaged, cut off, or still being written."""
    TRUNCATED = "truncated"
    """It ends before its own header says. What is there was read, and may play."""
    UNSUPPORTED = "unsupported"
    """No demuxer that we allow knows this format, or there is nothing to play in it."""
    UNREADABLE = "unreadable"
    """The system does not give the bytes: not permitted, or the disk is broken."""
    MEMORY = "memory"
    """It wanted more memory than a prober may have."""
    TIMEOUT = "timeout"
    """It took longer than a probe may."""
    CRASHED = "crashed"
    """The prober died of it, more than once."""


class StreamInfo(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A row of `stream`; see the columns there."""

    index: int
    kind: str
    codec: str | None = None
    codec_tag: str | None = None
    profile: str | None = None
    level: int | None = None
    language: str | None = None
    title: str | None = None
    dispositions: list[str] = msgspec.field(default_factory=list)
    bit_rate: int | None = None
    start_ms: int | None = None
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    pixel_format: str | None = None
    bit_depth: int | None = None
    frame_rate: float | None = None
    sample_aspect_ratio: str | None = None
    rotation: int | None = None
    field_order: str | None = None
    color_range: str | None = None
    color_primaries: str | None = None
    color_transfer: str | None = None
    color_space: str | None = None
    hdr: str | None = None
    hdr_metadata: dict[str, float | str] | None = None
    channels: int | None = None
    channel_layout: str | None = None
    sample_rate: int | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class ChapterInfo(msgspec.Struct, kw_only=True):
    index: int
    start_ms: int
    end_ms: int
    title: str | None = None


class PictureInfo(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An attached picture: where it is and what, not its bytes."""

    index: int
    kind: str | None = None
    """What it shows, in the words of ID3: `Cover (front)`, `Artist/performer` …"""
    title: str | None = None
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    size: int | None = None


class KeyframeIndex(msgspec.Struct, kw_only=True):
    """Where decoding can begin, as the container's own index says it, or its packets do. A row of `keyframes`."""

    stream_index: int
    count: int
    times: bytes
    """As `app.library.keyframes` packs them."""
    peak_bit_rate: int | None = None
    """Of four seconds, with all that lies between the pictures; None: the index does not tell."""


class MediaInfo(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a file is. With a problem, what could be said in spite of it."""

    container: str | None = None
    duration_ms: int | None = None
    bit_rate: int | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    streams: list[StreamInfo] = msgspec.field(default_factory=list)
    chapters: list[ChapterInfo] = msgspec.field(default_factory=list)
    pictures: list[PictureInfo] = msgspec.field(default_factory=list)
    keyframes: KeyframeIndex | None = None
    """Of the first stream with a picture; None: the container has no index that can be trusted."""
    music_tags: MusicTags | None = None
    """Of files with sound and no picture that moves."""
    problem: Problem | None = None
    detail: str | None = None
