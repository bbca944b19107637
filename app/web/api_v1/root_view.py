"""What lies on disk, as the API shows it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from app.catalog.file_views import Time
from app.library.records import RootStatus
from app.library.repository.duplicates import Copies
from app.library.repository.problems import Trouble


class RootWatcher(msgspec.Struct, frozen=True, kw_only=True):
    """How a node hears of changes in a root."""

    node: str
    mode: str
    """events or polling."""
    reason: str | None
    """Why it is polling."""
    since: Time


class Root(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    path: str
    has_own_queue: bool
    """Not every node sees it: its jobs wait in `queue` for those that do."""
    queue: str
    loss_confirmed: bool
    present_files: int
    missing_files: int
    waiting_folders: int
    """Folders that will be looked into: somebody asked, or something in them is being written."""
    watched_by: list[RootWatcher]

    @classmethod
    def of(cls, status: RootStatus) -> "Root":
        root = status.root
        return cls(
            id=root.id,
            path=root.display_path,
            has_own_queue=root.has_own_queue,
            queue=root.queue or "default",
            loss_confirmed=root.loss_confirmed,
            present_files=status.present_files,
            missing_files=status.missing_files,
            waiting_folders=status.waiting_folders,
            watched_by=[
                RootWatcher(node=one.node, mode=one.mode, reason=one.reason, since=one.since) for one in status.watches
            ],
        )


class Roots(msgspec.Struct, frozen=True):
    roots: list[Root]

    @classmethod
    def of(cls, statuses: Sequence[RootStatus]) -> "Roots":
        return cls([Root.of(status) for status in statuses])


class Purge(msgspec.Struct, frozen=True):
    files: int
    items: int


class FileCopy(msgspec.Struct, frozen=True, kw_only=True):
    file_id: UUID
    library_id: UUID
    root: str
    path: str
    item_ids: list[UUID]
    is_hard_link: bool
    """Another name of the same bytes: deleting it frees nothing."""


class FileCopies(msgspec.Struct, frozen=True, kw_only=True):
    size: int
    files: list[FileCopy]

    @classmethod
    def of(cls, group: Copies) -> "FileCopies":
        files = [
            FileCopy(
                file_id=one.file_id,
                library_id=one.library_id,
                root=one.root,
                path=one.path,
                item_ids=one.item_ids,
                is_hard_link=one.is_same_file,
            )
            for one in group.files
        ]
        return cls(size=group.size, files=files)


class FileProblem(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    kind: str
    """media, or side: an NFO, a picture or subtitles beside them."""
    library_id: UUID
    root: str
    path: str
    problem: str
    """Of media one word: corrupt, truncated, unsupported, memory, timeout, crashed, unreadable."""
    detail: str | None
    item_ids: list[UUID]

    @classmethod
    def of(cls, found: Trouble) -> "FileProblem":
        return cls(
            id=found.id,
            kind="media" if found.is_media else "side",
            library_id=found.library_id,
            root=found.root,
            path=found.path,
            problem=found.problem,
            detail=found.detail,
            item_ids=found.item_ids,
        )


class FileProblems(msgspec.Struct, frozen=True):
    problems: list[FileProblem]
    next_cursor: str | None


class Duplicates(msgspec.Struct, frozen=True):
    duplicates: list[FileCopies]
    next_cursor: str | None
