"""Rows of playbacks and transcodes as they are handed about: plain data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.library.records import FileLocation
from app.playback.hls.cuts import Cuts
from app.playback.source import MediaSource
from app.playback.transcoding.recipes import Recipe


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that can be played: where it is, and all that a decision needs."""

    location: FileLocation
    source: MediaSource
    keyframes: list[int]
    """On the file's own clock."""
    has_index: bool
    """Whether somebody has looked for its keyframes, found or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsBeside:
    """Subtitles in a file of their own, or a track of a VobSub, whose pictures are in another."""

    format: str
    location: FileLocation
    track: int | None
    pictures: FileLocation | None
    frame_rate: float | None
    """The film's: some old subtitles count its pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackRow:
    id: UUID
    account_id: UUID | None
    item_id: UUID
    file_id: UUID
    client: str
    decision: dict[str, Any]
    position_ms: int
    is_paused: bool
    started_at: datetime
    duration_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscodeRow:
    id: UUID
    file_id: UUID
    name: str
    recipe: Recipe
    cuts: Cuts
    zero_ms: int
    origin_ms: int
    frame_rate: float | None
    aims: list[int]
    wanted: int
    silence: float | None
    """Seconds since that was asked for. None: nobody watches any more."""
    position: int
    viewers: int
    """Playbacks that may ask for it."""
    is_run: bool
    """Whether somebody alive makes it now."""
    job_id: int | None
    job_age: float | None
    """Seconds since that job was asked for."""
    failure_code: str | None
    failure: str | None
    """What went wrong, if that was a moment ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a runner learns of its row."""

    aims: list[int]
    wanted: int
    silence: float | None
    """Seconds since somebody asked for a segment. None: nobody watches any more."""
