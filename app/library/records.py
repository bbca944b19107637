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


@dataclass(frozen=True, slots=True)
class LibraryRecord:
    id: UUID
    name: str
    kind: LibraryKind
    roots: tuple[RootRecord, ...]
    created_at: datetime
    full_scan_requested_at: datetime | None = None

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
