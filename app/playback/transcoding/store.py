"""Where segments lie: a folder for each transcode, a file for each segment, there as a whole or not at all.

A file is written under another name and then renamed, so whoever finds it may send it, on whatever node. Names are
ours: numbers and UUIDs. The room that segments take is limited twice, by a cap and by what the disk must keep free.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from app.config import Settings
from app.playback.writing import PART, write_whole

INIT_NAME = "init.mp4"


def segment_name(number: int, extension: str) -> str:
    return f"{number:05}.{extension}"


class SegmentStore:
    """Every method waits for the disk: call it in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.playback.cache_dir or settings.data_dir / "cache" / "segments"
        self._keep_free = int(settings.playback.keep_free)

    def path(self, transcode_id: UUID, name: str) -> Path:
        return self.folder(transcode_id) / name

    def folder(self, transcode_id: UUID) -> Path:
        text = str(transcode_id)
        return self._root / text[-2:] / text

    def has(self, transcode_id: UUID, name: str) -> bool:
        return self.path(transcode_id, name).is_file()

    def numbers(self, transcode_id: UUID) -> set[int]:
        """Return which segments are there."""
        with contextlib.suppress(FileNotFoundError):
            with os.scandir(self.folder(transcode_id)) as entries:
                names = [entry.name for entry in entries]
            return {int(name[:5]) for name in names if name[:5].isdecimal() and not name.endswith(PART)}
        return set()

    def read(self, transcode_id: UUID, name: str) -> bytes | None:
        with contextlib.suppress(FileNotFoundError):
            return self.path(transcode_id, name).read_bytes()
        return None

    def write(self, transcode_id: UUID, name: str, content: bytes) -> None:
        """Write a file as a whole. Raises: CacheFull, CacheUnavailable: nothing of it was written."""
        write_whole(self.path(transcode_id, name), content, self._keep_free)

    def remove_segments(self, transcode_id: UUID, names: Iterable[str]) -> int:
        """Remove some files; return how many bytes that gave."""
        freed = 0
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                place = self.path(transcode_id, name)
                size = place.stat().st_size
                place.unlink()
                freed += size
        return freed

    def remove(self, transcode_id: UUID) -> None:
        shutil.rmtree(self.folder(transcode_id), ignore_errors=True)

    def sizes(self, transcode_id: UUID) -> dict[str, int]:
        """Return the files that are there and their sizes; what a killed node left half written among them."""
        found: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError), os.scandir(self.folder(transcode_id)) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    found[entry.name] = entry.stat().st_size
        return found

    def known(self) -> list[UUID]:
        """Return the transcodes that there are folders of, whoever made them."""
        found: list[UUID] = []
        with contextlib.suppress(FileNotFoundError):
            for place in self._root.glob("??/*"):
                with contextlib.suppress(ValueError):
                    found.append(UUID(place.name))
        return found
