"""`playback`: what is converted, made ahead and kept."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import ByteSize, Field
from pydantic.dataclasses import dataclass

from app.config.sections.checks import STRICT_KEYS, AbsolutePath, PositiveDuration


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class WatchedSettings:
    begun_percent: Annotated[float, Field(ge=0, le=50)] = 5
    """Before this much nothing was begun."""
    watched_percent: Annotated[float, Field(ge=50, le=100)] = 90
    """From here on it was watched: what is left are the credits."""
    shortest: PositiveDuration = timedelta(minutes=5)
    """What is shorter begins anew each time."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class PlaybackSettings:
    ffmpeg: AbsolutePath | None = None
    """None: the one that came along, else the one on PATH."""
    hardware: bool = True
    """Use an encoder of the machine's hardware where a test encode works."""
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = "veryfast"
    """How much work goes into a picture that is converted by software."""
    thumbnails: bool = False
    """Make small pictures of every film ahead, for players that show them while somebody looks for a place."""
    chapters: bool = False
    """Make a picture of every chapter ahead."""
    loudness: bool = False
    """Measure how loud songs and albums are whose tags do not say it, so that clients can play them equally loud."""
    intros: bool = False
    """Listen to the beginnings and ends of episodes, to find what those of a season have in common."""
    cache_dir: AbsolutePath | None = None
    """Where segments are kept; several nodes must name the same. None: in the data directory."""
    cache_size: Annotated[ByteSize, Field(ge=64 * 2**20)] = ByteSize(10 * 2**30)
    """Segments that were used longest ago go first."""
    keep_free: ByteSize = ByteSize(2**30)
    """Room on the disk of the cache that segments never take."""
    ahead: PositiveDuration = timedelta(minutes=2)
    """How far a conversion goes on before its viewer."""
    idle_after: PositiveDuration = timedelta(minutes=1)
    """Without a word from a viewer, a conversion stops."""
    ended_after: PositiveDuration = timedelta(minutes=30)
    """Without a word from its client, a playback is over."""
    watched: WatchedSettings = WatchedSettings()
