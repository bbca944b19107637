"""Where pictures made ahead lie: a folder for each content of a file, a numbered file for each picture."""

import shutil
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from app.config import Settings
from app.playback.writing import write_whole


class PictureStore:
    """Every method waits for the disk: call it in a thread. What is of another content of a file is never found."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._root = (settings.playback.cache_dir or settings.data_dir / "cache") / name
        self._keep_free = int(settings.playback.keep_free)

    def folder(self, file_id: UUID, stamp: tuple[int, int]) -> Path:
        size, mtime = stamp
        return self._root / str(file_id)[-2:] / str(file_id) / f"{size:x}-{mtime & (2**64 - 1):x}"

    def place(self, file_id: UUID, stamp: tuple[int, int], number: int) -> Path:
        return self.folder(file_id, stamp) / f"{number}.jpg"

    def made(self, file_id: UUID, stamp: tuple[int, int]) -> set[int]:
        """Return which pictures there are."""
        return {int(place.stem) for place in self.folder(file_id, stamp).glob("*.jpg") if place.stem.isdecimal()}

    def write(self, file_id: UUID, stamp: tuple[int, int], number: int, content: bytes) -> None:
        """Raises: CacheFull: there is no room, and nothing of it was written."""
        folder = self.folder(file_id, stamp)
        if folder.parent.is_dir() and not folder.is_dir():
            shutil.rmtree(folder.parent, ignore_errors=True)  # of another content
        write_whole(self.place(file_id, stamp, number), content, self._keep_free)

    def known(self) -> list[UUID]:
        found: list[UUID] = []
        for place in self._root.glob("??/*"):
            with suppress(ValueError):
                found.append(UUID(place.name))
        return found

    def remove(self, file_id: UUID) -> None:
        shutil.rmtree(self._root / str(file_id)[-2:] / str(file_id), ignore_errors=True)
