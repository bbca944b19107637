"""What the library's service answers with: plain data, valid after its transaction has ended."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.library.kinds import FileState, LibraryKind


@dataclass(frozen=True, slots=True)
class RootRecord:
    id: UUID
    path: bytes
    real_path: bytes
    display_path: str
    loss_confirmed: bool = False
    has_own_queue: bool = False
    scan_requested_at: datetime | None = None
    full_scan_requested_at: datetime | None = None

    @property
    def queue(self) -> str | None:
        """The queue of this root's jobs; None where every node sees it, and the kinds' own will do."""
        return f"root_{self.id}" if self.has_own_queue else None


@dataclass(frozen=True, slots=True)
class LibraryRecord:
    id: UUID
    name: str
    kind: LibraryKind
    roots: tuple[RootRecord, ...]
    created_at: datetime

    def roots_of_scan(self, root_id: UUID | None) -> tuple["RootRecord", ...]:
        """Return the root that has this queue of its own, or all that have none."""
        if root_id is None:
            return tuple(root for root in self.roots if not root.has_own_queue)
        return tuple(root for root in self.roots if root.id == root_id and root.has_own_queue)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(root.display_path for root in self.roots)


@dataclass(frozen=True, slots=True)
class FileLocation:
    """Where a file is, for `open_within(location.root, location.path)`, and what it was when last looked at."""

    file_id: UUID
    library_id: UUID
    root: bytes
    path: bytes
    display_path: str
    state: FileState
    size: int
    mtime_ns: int
    container: str | None
    """As probed; None before that."""


@dataclass(frozen=True, slots=True)
class PictureSource:
    """Where the bytes of a picture are."""

    location: FileLocation
    stream_index: int | None
    """None: the file is the picture; else it is attached to a media file as this stream."""
    tag: str
    """Another as soon as the file is another."""
    shape: float | None = None
    """Width by height as it is shown; None until somebody has looked."""
    is_stored: bool = False
    """In the store, by its content: a time says nothing about it."""

    @property
    def shown(self) -> str:
        return self.location.display_path


@dataclass(frozen=True, slots=True)
class RootWatched:
    """How a node hears of changes in a root, and why no better."""

    node: str
    mode: str
    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class RootStatus:
    root: RootRecord
    present_files: int
    missing_files: int
    waiting_folders: int
    watches: tuple[RootWatched, ...]


@dataclass(frozen=True, slots=True)
class Purged:
    """How much was forgotten."""

    files: int
    items: int
