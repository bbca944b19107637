"""Renditions on disk: so many bytes, never half of one, and no way out of the folder."""

import errno
import os
import time
from pathlib import Path

import pytest
import structlog

from app.library.artwork.cache import HALF_AGE, RenditionCache
from app.library.artwork.rendering.answers import Made

MADE = Made(content=b"pixels" * 100, media_type="image/webp", width=20, height=30)


def key(number: int) -> str:
    return f"{number:02x}".ljust(64, "0")


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store" / "renditions"


def test_what_was_written_is_read_by_every_node(folder: Path) -> None:
    RenditionCache(folder, 2**20).write(key(1), MADE)

    assert RenditionCache(folder, 2**20).read(key(1)) == MADE
    assert RenditionCache(folder, 2**20).read(key(2)) is None
    assert kept(folder) == {key(1)}


def test_nothing_is_kept_where_nothing_may_be(folder: Path) -> None:
    cache = RenditionCache(folder, 0)

    assert cache.write(key(1), MADE) is False
    assert cache.read(key(1)) is None
    assert not folder.exists()


def test_the_longest_unused_go_first(folder: Path) -> None:
    cache = RenditionCache(folder, 20 * 4096)
    for number in range(30):
        cache.write(key(number), MADE)
        place = folder / key(number)[:2] / key(number)
        os.utime(place, (time.time() - 100_000 + number,) * 2)
    assert cache.read(key(0)) == MADE  # which notes that it was used

    gone = cache.clear()

    assert gone >= 10
    assert kept(folder) == {key(0), *(key(number) for number in range(gone + 1, 30))}
    assert sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file()) <= 20 * 4096
    assert cache.clear() == 0


def test_writing_says_when_it_is_time_to_clear_away(folder: Path) -> None:
    cache = RenditionCache(folder, 1_000_000)

    assert cache.write(key(1), MADE) is True  # what was there before has not been counted yet
    cache.clear()
    due = [cache.write(key(number), MADE) for number in range(200)]
    assert due[0] is False
    assert due[-1] is True


def test_half_a_rendition_is_cleared_away_and_one_being_written_is_not(folder: Path) -> None:
    cache = RenditionCache(folder, 2**20)
    cache.write(key(1), MADE)
    old, young = (folder / "01" / f".{key(1)}.{end}" for end in ("0" * 8, "1" * 8))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - HALF_AGE - 1,) * 2)
    (folder / "01" / "note.txt").write_text("not ours")

    cache.clear()

    assert kept(folder) == {key(1), young.name, "note.txt"}


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "another mark", "another type"])
def test_what_a_power_cut_left_is_no_rendition(folder: Path, damage: str) -> None:
    cache = RenditionCache(folder, 2**20)
    cache.write(key(1), MADE)
    place = folder / key(1)[:2] / key(1)
    data = place.read_bytes()
    place.write_bytes(
        {
            "cut": data[:-10],
            "changed": data[:-1] + b"!",
            "empty": b"",
            "another mark": b"XXXX" + data[4:],
            "another type": data[:4] + b"\xff" + data[5:],
        }[damage]
    )

    assert cache.read(key(1)) is None
    cache.write(key(1), MADE)
    assert cache.read(key(1)) == MADE


def test_no_link_in_the_folder_is_followed(folder: Path, tmp_path: Path) -> None:
    """Who can write into the store could otherwise have us send, overwrite or delete what lies elsewhere."""
    cache, elsewhere = RenditionCache(folder, 4096), tmp_path / "elsewhere"
    cache.write(key(1), MADE)
    elsewhere.mkdir()
    secret = elsewhere / key(2)
    secret.write_bytes((folder / "01" / key(1)).read_bytes())
    (folder / "01" / key(1)).unlink()
    (folder / "01" / key(1)).symlink_to(secret)
    (folder / "02").symlink_to(elsewhere)

    assert cache.read(key(1)) is None
    assert cache.read(key(2)) is None
    assert cache.write(key(2), MADE) is False
    cache.clear()

    assert kept(elsewhere) == {key(2)}
    cache.write(key(1), MADE)  # takes the link's place
    assert cache.read(key(1)) == MADE
    assert not (folder / "01" / key(1)).is_symlink()


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63 + "/", "0" * 65])
def test_a_key_is_sixty_four_digits(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        RenditionCache(folder, 2**20).read(name)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing_is_told_once(folder: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    cache = RenditionCache(folder, 2**20)

    def fail(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    with structlog.testing.capture_logs() as logs:
        with monkeypatch.context() as full:
            full.setattr(os, "replace", fail)
            assert [cache.write(key(number), MADE) for number in range(3)] == [False] * 3
        assert cache.write(key(1), MADE) is True
        with monkeypatch.context() as full:
            full.setattr(os, "replace", fail)
            cache.write(key(2), MADE)

    assert [log["event"] for log in logs] == ["renditions are not kept"] * 2
    assert ("full" in logs[0]["reason"]) is (error == errno.ENOSPC)
    assert kept(folder) == {key(1)}
