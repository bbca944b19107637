"""What one scan knows while it runs. Nothing here outlives it: what must is committed with every batch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.library.records import LibraryRecord, RootRecord
from app.library.repository.folders import KnownFolder
from app.library.scan.walk import WHOLE, Target


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
    moved: int = 0
    returned: int = 0
    pending: int = 0
    """Files that are being written: looked at again once they are left alone."""
    missing: int = 0
    purged: int = 0
    links_skipped: int = 0
    """In the folders that were looked into."""
    unreadable: int = 0
    items_added: int = 0
    analyses_requested: int = 0


@dataclass(frozen=True, slots=True)
class Vanished:
    """A folder that lost files, or maybe folders. Its signature is written with the loss, when that is believed:
    written before, the next scan would skip the folder. None: not even then, for something in it is being written."""

    folder_id: UUID
    signature: bytes | None
    file_ids: tuple[UUID, ...]
    side_file_ids: tuple[UUID, ...] = ()
    lost_media: bool = False
    """Media went from it, if only to another folder: what lies beside them may be nobody's now."""


@dataclass(slots=True)
class RootScan:
    library: LibraryRecord
    root: RootRecord
    full: bool
    unseen: dict[bytes, bytes | None]
    """Signatures of the folders known, by path; the walk takes out what it meets."""
    targets: Sequence[Target] = WHOLE
    settling_ns: int = 0
    """Nanoseconds for which a file must have been left alone."""
    folders: dict[bytes, KnownFolder] = field(default_factory=dict)
    """Rows of the folders that this scan had to do with, by path."""
    added: int = 0
    files_seen: int = 0
    moved: set[UUID] = field(default_factory=set)
    """Files that were found elsewhere: not lost, whatever the folder says that they were in."""
    vanished: list[Vanished] = field(default_factory=list)
    unreadable: list[tuple[bytes, str]] = field(default_factory=list)
    hollow: list[bytes] = field(default_factory=list)
    """Folders that held something and hold nothing at all now."""
    loss_confirmed: bool = False
    unconfirmed: int = 0
    """Files that seem gone and are not believed to be."""
    is_marked: bool = False
    """A marker vouched for the root when the scan began."""
    top_names: set[bytes] = field(default_factory=set)
    """What lay directly in it before; read only if no marker vouched."""
    offline: str | None = None
    outcome: Outcome = Outcome.COMPLETED

    @property
    def is_whole(self) -> bool:
        return self.targets is WHOLE


@dataclass(slots=True)
class ScanState:
    library: LibraryRecord
    roots: Sequence[RootRecord]
    """Those that this scan is about, as they were recorded when it began."""
    full: bool
    root_id: UUID | None = None
    """The one root whose own queue this is; None for all that have none."""
    request_ids: list[UUID] = field(default_factory=list)
    """Requests that are met when this scan ends."""
    counts: Counts = field(default_factory=Counts)
    phase: str = "files"
    results: list[dict[str, Any]] = field(default_factory=list)
    """Of the roots that are done."""
    worst: Outcome = Outcome.COMPLETED
    offline: list[RootRecord] = field(default_factory=list)

    @property
    def queue(self) -> str | None:
        return self.roots[0].queue if self.root_id is not None and self.roots else None

    def finish_root(self, scan: RootScan) -> None:
        result: dict[str, Any] = {"path": scan.root.display_path, "outcome": scan.outcome.value}
        if scan.offline is not None:
            result["reason"] = scan.offline
            self.offline.append(scan.root)
        if scan.unconfirmed:
            result["unconfirmed"] = scan.unconfirmed
        if not scan.is_whole:
            result["folders"] = len(scan.targets)
        self.results.append(result)
        self.worst = max(self.worst, scan.outcome, key=GRAVITY.index)

    def progress(self) -> dict[str, Any]:
        return {"phase": self.phase, "full_scan": self.full, **asdict(self.counts)}

    def result(self) -> dict[str, Any]:
        return {"outcome": self.worst.value, "full_scan": self.full, "roots": self.results, **asdict(self.counts)}
