"""New files that are recorded ones which somebody moved or renamed.

A move is believed when the recorded file is not where it was, and the new one is recognised: by device and inode, by
name, size and modification time (moved to another disk), or by a hash of its ends and middle (renamed as well).
A recorded file that is still where it was has been copied, and what is new stays new.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from app.errors import AppError
from app.library.containment import open_within, opened_folder
from app.library.partial_hash import partial_hash
from app.library.paths import join
from app.library.repository.files import FileRow
from app.library.repository.moves import Candidate


def pair(
    root: bytes,
    added: Sequence[tuple[FileRow, bytes]],
    candidates: Iterable[Candidate],
    *,
    believed: Mapping[UUID, bool],
) -> list[tuple[FileRow, Candidate]]:
    """Return which of the added (row, path below the root) are which recorded files. Reads the disk; blocks.

    `believed` says of each root whether what is not there is gone, or the whole root is away.
    """
    by_size: defaultdict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_size[candidate.size].append(candidate)
    left = [(row, path, by_size[row.size]) for row, path in added if row.size in by_size]
    taken: dict[UUID, bool] = {}
    """Candidates that are not to be had: taken, or where they were."""
    hashes: dict[UUID, bytes | None] = {}

    def same_hash(row: FileRow, path: bytes, candidate: Candidate) -> bool:
        if candidate.partial_hash is None:
            return False
        if row.id not in hashes:
            hashes[row.id] = _hash(root, path)
        return hashes[row.id] == candidate.partial_hash

    found: list[tuple[FileRow, Candidate]] = []
    rules: tuple[Callable[[FileRow, bytes, Candidate], bool], ...] = (_same_inode, _same_name, same_hash)
    for is_same in rules:
        still: list[tuple[FileRow, bytes, list[Candidate]]] = []
        for row, path, alike in left:
            chosen = next(
                (one for one in alike if is_same(row, path, one) and not _is_taken(taken, one, believed)), None
            )
            if chosen is None:
                still.append((row, path, alike))
            else:
                taken[chosen.id] = True
                found.append((row, chosen))
        left = still
    return found


def _same_inode(row: FileRow, _path: bytes, candidate: Candidate) -> bool:
    return (row.inode, row.device, row.mtime_ns) == (candidate.inode, candidate.device, candidate.mtime_ns)


def _same_name(row: FileRow, _path: bytes, candidate: Candidate) -> bool:
    return (row.name, row.mtime_ns) == (candidate.name, candidate.mtime_ns)


def _is_taken(taken: dict[UUID, bool], candidate: Candidate, believed: Mapping[UUID, bool]) -> bool:
    if candidate.id not in taken:
        taken[candidate.id] = not _is_gone(candidate, believed)
    return taken[candidate.id]


def _is_gone(candidate: Candidate, believed: Mapping[UUID, bool]) -> bool:
    if candidate.root_is_retired:
        return True
    if not believed.get(candidate.root_id, False):
        return False
    try:
        with opened_folder(candidate.root, candidate.folder) as folder:
            os.stat(candidate.name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError, AppError):
        return True
    except OSError:
        return False  # not known; then it is not gone
    return False


def _hash(root: bytes, path: bytes) -> bytes | None:
    try:
        file = open_within(root, path)
    except (OSError, AppError):
        return None
    try:
        return partial_hash(file)
    except OSError:
        return None
    finally:
        os.close(file)


def with_paths(rows: Iterable[FileRow], folders: Mapping[UUID, bytes]) -> list[tuple[FileRow, bytes]]:
    """Put beside each row its path below the root; a file of nothing has no identity and is left out."""
    return [(row, join(folders[row.folder_id], row.name)) for row in rows if row.size]
