"""Which folders a change is about."""

from watchfiles import Change

from app.library.watching.changes import Concerned, folders_concerned

ROOT = b"/media/films"


def concerned(*changes: tuple[Change, bytes]) -> Concerned:
    return folders_concerned(ROOT, changes)


def test_what_comes_and_goes_is_about_the_folder_it_is_in() -> None:
    found = concerned(
        (Change.added, b"/media/films/Alien (1979)"),
        (Change.added, b"/media/films/Heat (1995)/Heat.mkv"),
        (Change.deleted, b"/media/films/Shelf/Brazil/Brazil.mkv"),
    )

    assert found == (frozenset({b"", b"Heat (1995)", b"Shelf/Brazil"}), frozenset(), frozenset())


def test_what_is_being_written_is_looked_at_later() -> None:
    assert concerned((Change.modified, b"/media/films/A/a.mkv")).later == {b"A"}


def test_a_folder_is_looked_at_once() -> None:
    found = concerned((Change.added, b"/media/films/A/a.mkv"), (Change.modified, b"/media/films/A/a.mkv"))

    assert found == (frozenset({b"A"}), frozenset(), frozenset())


def test_junk_is_nobodys_concern() -> None:
    found = concerned(
        (Change.added, b"/media/films/.revenge-root"),
        (Change.modified, b"/media/films/A/a.mkv.part"),
        (Change.added, b"/media/films/#recycle/A/a.mkv"),
        (Change.added, b"/media/films/A/.DS_Store"),
    )

    assert found == (frozenset(), frozenset(), frozenset())


def test_an_ignore_file_concerns_all_below() -> None:
    assert concerned((Change.modified, b"/media/films/A/.revengeignore")).ruled == {b"A"}


def test_the_root_itself_is_looked_into_when_it_goes() -> None:
    assert concerned((Change.deleted, ROOT)).now == {b""}


def test_names_are_bytes_and_other_roots_are_not_ours() -> None:
    found = concerned((Change.added, b"/media/films/\xff/\xfe.mkv"), (Change.added, b"/media/films2/a.mkv"))

    assert found.now == {b"\xff"}
