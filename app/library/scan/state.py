"""What one scan knows while it runs. Nothing here outlives it: what must is committed with every batch."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.library.records import LibraryRecord, RootRecord
from app.library.repository.files import KnownFolder


class Outcome(StrEnum):
    """How it went, for a root and (the gravest of its roots') for the whole scan."""

    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    """Parts could not be read; what lies there is as it was recorded before."""
    NEEDS_CONFIRMATION = "needs_confirmation"
    """So much is gone that somebody should say it is true. Until then nothing of it is missing."""
    OFFLINE = "offline"
    """The root is not there, or not what it was. Nothing was changed."""


GRAVITY = list(Outcome)


@dataclass(slots=True)
class Counts:
    """What is told as progress and as the result, in the job's row."""

    folders: int = 0
    folders_unchanged: int = 0
    files: int = 0
    added: int = 0
    changed: int = 0
    returned: int = 0
    missing: int = 0
    links_skipped: int = 0
    unreadable: int = 0
    items_added: int = 0
    analyses_requested: int = 0


@dataclass(frozen=True, slots=True)
class Vanished:
    """A folder that lost files, or maybe folders. Its signature is written with the loss, when that is believed:
    written before, the next scan would skip the folder."""

    folder_id: UUID
    signature: bytes
    file_ids: tuple[UUID, ...]


@dataclass(slots=True)
class RootScan:
    library: LibraryRecord
    root: RootRecord
    full: bool
    folders: dict[bytes, KnownFolder]
    """Every folder known, by path; what the scan finds is added."""
    unseen: set[bytes]
    top_names: set[bytes]
    """What lay directly in the root."""
    added: int = 0
    files_seen: int = 0
    vanished: list[Vanished] = field(default_factory=list)
    unreadable: list[tuple[bytes, str]] = field(default_factory=list)
    loss_confirmed: bool = False
    unconfirmed: int = 0
    """Files that seem gone and are not believed to be."""
    offline: str | None = None
    outcome: Outcome = Outcome.COMPLETED


@dataclass(slots=True)
class ScanState:
    library: LibraryRecord
    full: bool
    counts: Counts = field(default_factory=Counts)
    phase: str = "files"
    roots: list[dict[str, Any]] = field(default_factory=list)
    """Results of the roots that are done."""
    worst: Outcome = Outcome.COMPLETED
    offline: list[UUID] = field(default_factory=list)

    def finish_root(self, scan: RootScan) -> None:
        result: dict[str, Any] = {"path": scan.root.display_path, "outcome": scan.outcome.value}
        if scan.offline is not None:
            result["reason"] = scan.offline
            self.offline.append(scan.root.id)
        if scan.unconfirmed:
            result["unconfirmed"] = scan.unconfirmed
        self.roots.append(result)
        self.worst = max(self.worst, scan.outcome, key=GRAVITY.index)

    def progress(self) -> dict[str, Any]:
        return {"phase": self.phase, "full_scan": self.full, **asdict(self.counts)}

    def result(self) -> dict[str, Any]:
        return {"outcome": self.worst.value, "full_scan": self.full, "roots": self.roots, **asdict(self.counts)}
