"""One batch of a walk against what is recorded: what is to be written. Pure."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from app.ids import uuid7
from app.library.formats import KINDS
from app.library.kinds import FileState
from app.library.media import PROBER_VERSION
from app.library.paths import display_path, join
from app.library.repository.files import FileRow, KnownFile
from app.library.repository.folders import KnownFolder
from app.library.scan.signature import is_outdated, is_same_content
from app.library.scan.state import RootScan, Vanished
from app.library.scan.walk import FoundFile, FoundFolder


@dataclass(slots=True)
class Diff:
    added: list[FileRow] = field(default_factory=list)
    updated: list[FileRow] = field(default_factory=list)
    returned: list[UUID] = field(default_factory=list)
    to_probe: list[UUID] = field(default_factory=list)
    vanished: list[Vanished] = field(default_factory=list)
    signatures: dict[UUID, bytes] = field(default_factory=dict)
    units: set[UUID] = field(default_factory=set)
    """Anchors around which items may have changed."""
    pending: dict[UUID, bytes] = field(default_factory=dict)
    """Folders, by id, in which something is being written: left unsigned, and looked at again."""
    pending_files: int = 0

    def lose_beside(self, gone: Mapping[UUID, tuple[UUID, ...]]) -> None:
        """Note side files that were not found, by folder: believed with the losses of media, as those are."""
        kept = [vanished for vanished in self.vanished if vanished.folder_id not in gone]
        known = {vanished.folder_id: vanished for vanished in self.vanished if vanished.folder_id in gone}
        for folder_id, side_file_ids in gone.items():
            before = known.get(folder_id)
            if before is None:
                before = Vanished(folder_id, self.signatures.pop(folder_id, None), ())
            kept.append(replace(before, side_file_ids=side_file_ids))
        self.vanished = kept


def compare(
    scan: RootScan,
    found: Sequence[FoundFolder],
    rows: Mapping[bytes, KnownFolder],
    known: Mapping[UUID, dict[bytes, KnownFile]],
) -> Diff:
    """Say what is to be written for these folders. `known` is used up: what is left of it was not found."""
    diff = Diff()
    kind = KINDS[scan.library.kind].value
    now = time.time_ns()
    for folder in found:
        row = rows[folder.path]
        there = known.get(row.id, {})
        changes, written, pending = False, len(diff.updated), diff.pending_files
        is_old = is_outdated(row.signature) and not scan.full
        for entry in folder.files:
            before = there.pop(entry.name, None)
            if _is_settled(scan, now, entry, before):
                file = _file_row(scan, row, folder.path, entry, before, kind)
                changes |= _compare_file(diff, entry, before, file, by_new_rules=is_old)
            else:
                diff.pending_files += 1
        if folder.files and (changes or scan.full or is_old):
            diff.units.add(row.anchor_id)
        gone = tuple(lost.id for lost in there.values() if lost.state == FileState.PRESENT)
        if diff.pending_files > pending:
            diff.pending[row.id] = folder.path
            if gone:
                diff.vanished.append(Vanished(row.id, None, gone, lost_media=True))
        elif gone or (_is_other(row, folder) and len(diff.updated) == written and not changes):
            # Without a file to write, something beside or below went or came: that is believed with the losses.
            diff.vanished.append(Vanished(row.id, folder.signature, gone, lost_media=bool(gone)))
        else:
            diff.signatures[row.id] = folder.signature
    return diff


def _is_other(row: KnownFolder, folder: FoundFolder) -> bool:
    return row.signature is not None and not is_same_content(row.signature, folder.signature)


def _is_settled(scan: RootScan, now: int, entry: FoundFile, file: KnownFile | None) -> bool:
    """Whether a file has been left alone for a while; one that is as it was recorded has.

    A clock that is ahead (of a network disk) must not keep its files out for ever: a time to come counts as long ago,
    and the analysis, which looks before and after, waits for whatever still grows.
    """
    if not 0 <= now - entry.mtime_ns < scan.settling_ns:
        return True
    return file is not None and (file.size, file.mtime_ns) == (entry.size, entry.mtime_ns)


def _file_row(  # noqa: PLR0917  once for each file, where names cost time
    scan: RootScan, folder: KnownFolder, path: bytes, entry: FoundFile, file: KnownFile | None, kind: str
) -> FileRow:
    name = entry.name
    shown = display_path(join(path, name)) if file is None else ""
    return FileRow(uuid7() if file is None else file.id, scan.root.id, folder.id, name, shown, kind, *entry[1:])


def _compare_file(diff: Diff, entry: FoundFile, file: KnownFile | None, row: FileRow, *, by_new_rules: bool) -> bool:
    """Note what is to be written for one file. Returns whether items may change by it.

    New rules alone, which look at every file there is, have none probed for the sake of a new prober.
    """
    if file is None:
        diff.added.append(row)
        diff.to_probe.append(row.id)
        return True
    is_back = file.state != FileState.PRESENT
    if is_back:
        diff.returned.append(file.id)
    if is_back or entry[1:] != file[3:7]:  # size, mtime_ns, device, inode
        diff.updated.append(row)
    version = file.prober_version if by_new_rules else PROBER_VERSION
    if file[8:] != (entry.size, entry.mtime_ns, version):
        diff.to_probe.append(row.id)
    return is_back
