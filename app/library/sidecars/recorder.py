"""What lies beside the media of folders that changed: recorded by the scan, in the transaction of their media.

Only names, sizes and times: nothing is opened here. What a scan does not find any more is not deleted either: whether
to believe it is decided with the loss of media (phase 3 of the scan).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.db.tx import Tx
from app.ids import in_order
from app.library.formats import extension_of
from app.library.kinds import LibraryKind, SideFileKind
from app.library.naming import readable
from app.library.naming.side_files import EXTENSIONS
from app.library.repository import side_files
from app.library.repository.side_files import SeenSideFile
from app.library.sidecars.requests import SideFileRequests

_KINDS = {extension.encode(): SideFileKind(kind.value) for extension, kind in EXTENSIONS.items()}


class Entry(Protocol):
    """A file as the walk found it."""

    @property
    def name(self) -> bytes: ...
    @property
    def size(self) -> int: ...
    @property
    def mtime_ns(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Beside:
    """A folder that changed: what lies in it beside media."""

    folder_id: UUID
    is_new: bool
    is_by_new_rules: bool
    """What lies there is to be read once more, though none of it may have changed."""
    media: Collection[Entry]
    others: Iterable[Entry]


@dataclass(frozen=True, slots=True)
class Recorded:
    changed: list[UUID]
    """Folders whose side files are new, have changed, or are read by new rules."""
    gone: dict[UUID, tuple[UUID, ...]]
    """Side files that were not found, by folder."""


class SideFileRecorder:
    def __init__(self, requests: SideFileRequests) -> None:
        self._requests = requests

    async def record(self, tx: Tx, kind: LibraryKind, folders: Sequence[Beside]) -> Recorded:
        """Record what is new or has changed. `ask` is to follow in the same transaction."""
        seen = {folder.folder_id: _seen(kind, folder) for folder in folders}
        old = [folder.folder_id for folder in folders if not folder.is_new]
        known = await side_files.known_in(tx, old) if old else {}
        changed = [
            file
            for found in seen.values()
            for file in found
            if known.pop((file.folder_id, file.name), (None, None, None))[1:] != (file.size, file.mtime_ns)
        ]
        if changed:
            await side_files.put(tx, changed)
        gone: dict[UUID, tuple[UUID, ...]] = {}
        for (folder_id, _), (side_id, _, _) in known.items():
            gone[folder_id] = (*gone.get(folder_id, ()), side_id)
        again = {folder.folder_id for folder in folders if folder.is_by_new_rules and seen[folder.folder_id]}
        return Recorded(in_order({file.folder_id for file in changed} | again), gone)

    async def ask(self, tx: Tx, recorded: Recorded, item_ids: Sequence[UUID]) -> None:
        """Have read what changed, and what may say something of these items, which were made or got other files."""
        about = await side_files.folders_of_items(tx, item_ids) if item_ids else []
        await self._requests.ask(tx, in_order({*recorded.changed, *about}))

    async def lose(self, tx: Tx, side_file_ids: Sequence[UUID], folder_ids: Sequence[UUID]) -> None:
        """Forget side files whose loss is believed, and all those in folders that are gone."""
        if side_file_ids or folder_ids:
            await self._requests.ask(tx, await side_files.lose(tx, side_file_ids, folder_ids))

    async def media_left(self, tx: Tx, folder_ids: Sequence[UUID]) -> None:
        """Media went from these folders: what lies there may be nobody's now."""
        if folder_ids:
            await self._requests.ask(tx, await side_files.with_any(tx, folder_ids))


def _seen(kind: LibraryKind, folder: Beside) -> list[SeenSideFile]:
    found = []
    for entry in folder.others:
        extension = extension_of(entry.name).lower()
        side_kind = _KINDS.get(extension)
        if side_kind is None and extension == b"txt" and kind is LibraryKind.MUSIC and _is_song(entry.name, folder):
            side_kind = SideFileKind.LYRICS
        if side_kind is not None:
            found.append(SeenSideFile(folder.folder_id, entry.name, side_kind, entry.size, entry.mtime_ns))
    return found


def _is_song(name: bytes, folder: Beside) -> bool:
    """Whether a text is called like a song beside it: else it may say anything."""
    stem = readable(name.rpartition(b".")[0])
    return any(readable(media.name.rpartition(b".")[0]) == stem for media in folder.media)
