"""What somebody asked us not to see is not seen, as git would have it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.library.scan.ignore import NO_RULES, IgnoreRules
from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import WriteTree, write_tree


def rules(content: bytes, folder: bytes = b"") -> IgnoreRules:
    return NO_RULES.below(folder, [content])


PATHS: list[str | bytes] = [
    b"a.mkv", b"b.mkv", b"Sub/a.mkv", b"Sub/Deep/a.mkv", b"Sub/Deep/x.avi", b"Other/Deep/y.avi", b"a b.mkv",
    b"[x].mkv", b"#1.mkv", b"!b.mkv", b"foo1.mkv", b"foo-.mkv", b"Sub/trailing .mkv", b"Deep/z.mkv", b"a\\b.mkv",
]  # fmt: skip
LINES = [
    b"*.avi", b"/a.mkv", b"a.mkv", b"Sub/", b"Sub/Deep", b"**/Deep", b"Sub/**", b"**/Deep/*.mkv", b"?.mkv",
    b"foo[0-9].mkv", b"foo[!0-9].mkv", b"\\#1.mkv", b"\\!b.mkv", b"# a.mkv", b"*.mkv\n!b.mkv", b"Deep/", b"/Deep/",
    b"\\[x\\].mkv", b"a\\\\b.mkv", b"*", b"a b.mkv  ", b"Sub/*/a.mkv", b"/", b"[", b"**", b"S*b/a.mkv",
    b"*.mkv\n!/Sub/\n!a.mkv",
]  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("git") is None:
        pytest.skip("no git here to compare with")
    root = tmp_path_factory.mktemp("ignored")
    subprocess.run(["git", "init", "-q", root], check=True)
    return write_tree(root, dict.fromkeys(PATHS, "x"))


@pytest.mark.parametrize("content", LINES)
def test_git_agrees(repository: Path, content: bytes) -> None:
    (repository / ".gitignore").write_bytes(content + b"\n")
    asked = b"\0".join(map(os.fsencode, PATHS))
    answer = subprocess.run(
        ["git", "-C", repository, "check-ignore", "-z", "--stdin", "--no-index"],
        input=asked,
        capture_output=True,
        check=False,
    )
    assert answer.returncode in (0, 1), answer.stderr
    by_git = set(answer.stdout.split(b"\0")) - {b""}

    assert {path for path in map(os.fsencode, PATHS) if hidden(rules(content), path)} == by_git


def hidden(rules: IgnoreRules, path: bytes) -> bool:
    """Whether a walk would not get there."""
    *above, _ = path.split(b"/")
    folders = [b"/".join(above[: count + 1]) for count in range(len(above))]
    return any(rules.hides(folder, is_folder=True) for folder in folders) or rules.hides(path, is_folder=False)


@given(st.binary(max_size=60), st.binary(min_size=1, max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_rules(content: bytes, path: bytes) -> None:
    found = rules(content)
    if not found.hides_all:
        found.hides(path, is_folder=False)


async def test_lines_hide_files_and_folders(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {
            ".revengeignore": "*.avi\n/Private/\n",
            "Alien (1979)/Alien (1979).mkv": "a",
            "Alien (1979)/Alien (1979).avi": "b",
            "Private/Home.mkv": "c",
            "Shelf/Private/Solaris (1972).mkv": "d",
            "Shelf/.ignore": "Heat*\n",
            "Shelf/Heat (1995).mkv": "e",
            "Heat (1995).mkv": "f",
        }
    )

    await library.scan(await library.add(root))

    assert sorted(await library.files()) == [
        "Alien (1979)/Alien (1979).mkv", "Heat (1995).mkv", "Shelf/Private/Solaris (1972).mkv",
    ]  # fmt: skip


async def test_a_new_rule_hides_what_was_seen_and_its_end_shows_it_again(
    library: LibraryBench, tree: WriteTree
) -> None:
    root = tree({"Shelf/A/a (2001).mkv": "a", "Shelf/B/b (2002).mkv": "b"})
    films = await library.add(root)
    await library.scan(films)
    before = await library.rows("SELECT id FROM item ORDER BY id")

    write_tree(root, {".ignore": "A\n"})
    hidden_now = await library.scan(films)
    unchanged = await library.scan(films)
    (root / ".ignore").unlink()
    shown = await library.scan(films)

    assert (hidden_now["missing"], unchanged["missing"], unchanged["changed"]) == (1, 0, 0)
    assert shown["returned"] == 1
    assert set((await library.files()).values()) == {"present"}
    assert await library.rows("SELECT id FROM item ORDER BY id") == before


async def test_an_empty_one_hides_its_folder(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Shelf/.revengeignore": " \n", "Shelf/Deep/a (2001).mkv": "a", "b (2002).mkv": "b"})

    await library.scan(await library.add(root))

    assert list(await library.files()) == ["b (2002).mkv"]


async def test_one_that_cannot_be_read_leaves_all_as_it_was(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree({"Shelf/.ignore": "x\n", "Shelf/a (2001).mkv": "a", "b (2002).mkv": "b"})
    films = await library.add(root)
    await library.scan(films)
    tree({"Shelf/.ignore": "a*\n", "Shelf/c (2003).mkv": "c"})
    opening = os.open

    def broken(path: bytes, *args: int, **kwargs: int) -> int:
        if os.fsencode(path).endswith(b".ignore"):
            raise OSError(5, "Input/output error")
        return opening(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", broken)
    result = await library.scan(films)

    assert (result["outcome"], result["unreadable"], result["missing"], result["added"]) == ("incomplete", 1, 0, 0)


async def test_what_is_no_file_is_no_rule(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"A/a (2001).mkv": "a", "B/b (2002).mkv": "b", "C/.ignore": None, "C/c (2003).mkv": "c"})
    os.mkfifo(root / "A" / ".ignore")
    (root / "B" / ".ignore").symlink_to("/dev/zero")

    await library.scan(await library.add(root))

    assert len(await library.files()) == 3
