"""What is decided, and what was wished for: plain data, as it goes to the client and into the row of a playback."""

from typing import Literal

import msgspec

from app.playback.ladder import Rung


class Reason(msgspec.Struct, frozen=True):
    """Why something is not sent as it is. `code` is stable, `text` is for people."""

    code: str
    text: str


class VideoPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    index: int
    action: Literal["copy", "transcode"]
    codec: str
    """As it is sent."""
    renditions: list[Rung]
    """Sizes and rates it is offered in, the best first. With a copy the first is the copy itself."""
    reasons: list[Reason] = []
    tone_map: bool = False
    deinterlace: bool = False
    profile: str | None = None
    level: int | None = None
    bit_depth: int | None = None
    peak_bit_rate: int | None = None
    """Of the file's own picture."""


class AudioPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    index: int
    action: Literal["copy", "transcode"]
    codec: str
    channels: int
    selected: bool
    bit_rate: int | None = None
    """Of the file's own sound."""
    reasons: list[Reason] = []
    language: str | None = None
    title: str | None = None
    dispositions: list[str] = []


class SubtitlePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the two numbers says where it comes from."""

    stream: int | None = None
    beside: int | None = None
    delivery: Literal["inside", "as_is", "vtt", "burn"]
    """Read by the client from the file; a file of its own; the same as WebVTT; part of the picture."""
    format: str
    selected: bool
    language: str | None = None
    title: str | None = None
    flags: list[str] = []


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    method: Literal["direct_play", "remux", "transcode"]
    segments: Literal["fmp4", "mpegts"] | None = None
    """Of HLS; left out for the file as it is."""
    reasons: list[Reason] = []
    """Why the file is not played as it is."""
    video: VideoPlan | None = None
    audio: list[AudioPlan] = []
    subtitles: list[SubtitlePlan] = []


class SubtitleWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which subtitles: of the file's streams, or of those beside it."""

    stream: int | None = None
    beside: int | None = None


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    audio: int | None = None
    """A stream's index. None: the default one."""
    subtitle: SubtitleWish | None = None
    keep_style: bool = True
    """Make styled subtitles part of the picture where the client cannot draw them; else they become plain text."""
    allow_direct_play: bool = True
    allow_copy: bool = True
    ladder: bool = True
    """Offer smaller renditions beside the best one."""


def megabits(rate: int) -> str:
    return f"{rate / 1_000_000:.1f} Mbit/s"
