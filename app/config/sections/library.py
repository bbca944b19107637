"""`library`: disks, and what is read from them."""

from datetime import timedelta
from typing import Annotated

from pydantic import ByteSize, Field, StringConstraints
from pydantic.dataclasses import dataclass

from app.config.durations import Duration
from app.config.sections.checks import STRICT_KEYS, PositiveDuration


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class VanishSettings:
    """When a scan must not believe its eyes: more files gone at once than both limits, and the root is doubted."""

    max_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Of the root's known files."""
    max_files: Annotated[int, Field(ge=0)] = 50


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class ProbeSettings:
    """Files are opened in processes of their own: a decoder that crashes or swells takes down only itself."""

    processes: Annotated[int, Field(ge=1, le=256)] = 2
    timeout: PositiveDuration = timedelta(seconds=60)
    """For one file."""
    memory: Annotated[ByteSize, Field(ge=256 * 2**20)] = ByteSize(2**30)
    """Of one process."""
    read_whole: ByteSize = ByteSize(32 * 2**30)
    """A film without an index of its keyframes is read as a whole for them when it is first played, up to this size."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class WatchSettings:
    """How changes on disk become known between scans."""

    enabled: bool = True
    debounce: PositiveDuration = timedelta(seconds=5)
    """How long a burst of changes is gathered before the folders concerned are scanned."""
    poll_interval: PositiveDuration | None = timedelta(minutes=15)
    """How often a root is scanned where the system tells of no changes: on network disks. None: never."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class ImagesSettings:
    """Pictures are decoded in processes of their own, as media are."""

    processes: Annotated[int, Field(ge=1, le=256)] = 2
    timeout: PositiveDuration = timedelta(seconds=20)
    """For one picture."""
    memory: Annotated[ByteSize, Field(ge=256 * 2**20)] = ByteSize(2**30)
    """Of one process."""
    cache_size: ByteSize = ByteSize(2 * 2**30)
    """Of all renditions on disk. 0: none are kept."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class LibrarySettings:
    roots: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[_-][a-z0-9]+)*$", max_length=59)], ...] = ()
    """Ids of roots that only some nodes see and this one does: it works their queues, `root_<id>`."""
    settle_after: Duration = timedelta(seconds=15)
    """How long a file must have been left alone before it is recorded: until then somebody may be writing it."""
    purge_missing_after: PositiveDuration | None = None
    """Forget what has been missing for so long, while its root is healthy. None: only when somebody asks for it."""
    vanish: VanishSettings = VanishSettings()
    watch: WatchSettings = WatchSettings()
    probe: ProbeSettings = ProbeSettings()
    images: ImagesSettings = ImagesSettings()
