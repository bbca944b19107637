"""Nothing outside a root is ever opened, whatever a library's folders hold or turn into."""

import os
import socket
from pathlib import Path

import pytest

from app.library.containment import open_within
from app.library.errors import NotAFile, OutsideRoot
from tests.fixtures.tree import WriteTree


@pytest.fixture
def root(tree: WriteTree) -> bytes:
    return os.fsencode(tree({"Film (2001)/film.mkv": "inside", "plain.mkv": "plain"}))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.mkdir()
    (path / "film.mkv").write_text("outside")
    return path


def read(root: bytes, path: bytes) -> bytes:
    file = open_within(root, path)
    try:
        return os.read(file, 100)
    finally:
        os.close(file)


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_file_within_is_opened(root: bytes) -> None:
    assert read(root, b"Film (2001)/film.mkv") == b"inside"
    assert read(root, b"plain.mkv") == b"plain"


def test_the_root_may_be_reached_through_a_link(root: bytes, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(os.fsdecode(root))

    assert read(os.fsencode(link), b"plain.mkv") == b"plain"


@pytest.mark.parametrize(
    "path",
    [
        b"../secret/film.mkv",
        b"Film (2001)/../../secret/film.mkv",
        b"/etc/passwd",
        b"",
        b".",
        b"..",
        b"Film (2001)//film.mkv",
        b"./plain.mkv",
        b"Film (2001)/",
        b"plain.mkv\0.txt",
    ],
)
def test_a_path_that_is_not_plainly_below_is_refused(root: bytes, secret: Path, path: bytes) -> None:
    with pytest.raises(OutsideRoot):
        open_within(root, path)


def test_a_link_to_a_file_is_refused(root: bytes, secret: Path) -> None:
    (Path(os.fsdecode(root)) / "link.mkv").symlink_to(secret / "film.mkv")
    (Path(os.fsdecode(root)) / "inner.mkv").symlink_to("plain.mkv")

    for name in (b"link.mkv", b"inner.mkv"):
        with pytest.raises(OutsideRoot):
            open_within(root, name)


def test_a_folder_that_became_a_link_is_refused(root: bytes, secret: Path) -> None:
    """As in an attack: the scan saw a folder, and then it is a link to another place with the same names."""
    folder = Path(os.fsdecode(root)) / "Film (2001)"
    folder.rename(folder.with_name("aside"))
    folder.symlink_to(secret)

    with pytest.raises(OutsideRoot):
        open_within(root, b"Film (2001)/film.mkv")


def test_a_link_loop_is_refused(root: bytes) -> None:
    (Path(os.fsdecode(root)) / "loop.mkv").symlink_to("loop.mkv")

    with pytest.raises(OutsideRoot):
        open_within(root, b"loop.mkv")


def test_what_is_no_regular_file_is_refused_without_waiting(root: bytes) -> None:
    """A pipe without a writer would keep us for ever."""
    base = Path(os.fsdecode(root))
    os.mkfifo(base / "pipe.mkv")
    (base / "folder.mkv").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(base / "socket.mkv"))
        for name in (b"pipe.mkv", b"folder.mkv", b"socket.mkv"):
            with pytest.raises(NotAFile):
                open_within(root, name)


def test_the_system_says_what_is_gone(root: bytes) -> None:
    with pytest.raises(FileNotFoundError):
        open_within(root, b"nothing.mkv")
    with pytest.raises(FileNotFoundError):
        open_within(root, b"nowhere/film.mkv")
    with pytest.raises(NotADirectoryError):
        open_within(root, b"plain.mkv/film.mkv")
    with pytest.raises(FileNotFoundError):
        open_within(root + b"/no root", b"plain.mkv")


def test_no_descriptor_is_left_open(root: bytes, secret: Path) -> None:
    (Path(os.fsdecode(root)) / "link").symlink_to(secret)
    before = open_descriptors()

    for path in (b"link/film.mkv", b"nothing.mkv", b"Film (2001)", b"Film (2001)/film.mkv/x", b"../x"):
        with pytest.raises((OutsideRoot, NotAFile, OSError)):
            open_within(root, path)

    assert open_descriptors() == before
