"""Phase 2: what is new in a batch, against what is recorded elsewhere. A moved file keeps its row, and so its items.

It runs inside phase 1, before anything new is written: a file that is recognised needs no second row that would have
to be merged, no second item and no second probe. Its price is one statement for each batch that has new files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from app.db.tx import Tx
from app.library.media import PROBER_VERSION
from app.library.repository import folders, moves
from app.library.repository.files import FileRow
from app.library.repository.moves import Candidate
from app.library.scan.compare import Diff
from app.library.scan.moves import pair, with_paths
from app.library.scan.state import RootScan, Vanished
from app.library.threads import in_thread
from app.library.trust import is_there


class MovesPhase:
    async def run(self, tx: Tx, scan: RootScan, diff: Diff) -> list[UUID]:
        """Take out of `diff` what was only moved, and record where it is now. Returns those files."""
        sized = [row for row in diff.added if row.size]
        candidates = await moves.candidates(tx, sized) if sized else []
        candidates = [one for one in candidates if one.id not in scan.moved]
        if not candidates:
            return []
        paths = {folder.id: path for path, folder in scan.folders.items()}
        added = with_paths(diff.added, paths)
        believed = await self._believed(tx, scan, candidates)
        pairs = await in_thread(lambda: pair(scan.root.path, added, candidates, believed=believed))
        if pairs:
            await self._record(tx, diff, pairs)
        return [candidate.id for _, candidate in pairs]

    async def _believed(self, tx: Tx, scan: RootScan, candidates: Iterable[Candidate]) -> dict[UUID, bool]:
        """Say of the candidates' roots whether a file that is not there is gone. A disk that is away took all along."""
        believed = {scan.root.id: True}
        for root_id, path in {one.root_id: one.root for one in candidates if not one.root_is_retired}.items():
            if root_id not in believed:
                known = await folders.top_names(tx, root_id)
                believed[root_id] = await in_thread(partial(is_there, path, root_id, known))
        return believed

    async def _record(self, tx: Tx, diff: Diff, pairs: Sequence[tuple[FileRow, Candidate]]) -> None:
        new_ids = {row.id for row, _ in pairs}
        gone = {candidate.id for _, candidate in pairs}
        await moves.move(tx, [row._replace(id=candidate.id) for row, candidate in pairs])
        diff.added = [row for row in diff.added if row.id not in new_ids]
        diff.to_probe = [file_id for file_id in diff.to_probe if file_id not in new_ids]
        diff.to_probe += [candidate.id for _, candidate in pairs if not _is_probed(candidate)]
        diff.vanished = [_without(vanished, gone) for vanished in diff.vanished]


def _is_probed(candidate: Candidate) -> bool:
    probed = (candidate.probed_size, candidate.probed_mtime_ns, candidate.prober_version)
    return probed == (candidate.size, candidate.mtime_ns, PROBER_VERSION)


def _without(vanished: Vanished, gone: set[UUID]) -> Vanished:
    left = tuple(file_id for file_id in vanished.file_ids if file_id not in gone)
    return replace(vanished, file_ids=left)
