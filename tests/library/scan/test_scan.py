"""A scan as its user sees it: what becomes of files, films and jobs."""

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.library.jobs import ScanLibraryArgs
from app.library.scan import walk as walking
from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import WriteTree, write_tree

FILMS = {
    "Alien (1979)/Alien (1979).mkv": "a",
    "Heat (1995) {tmdb-949}/Heat (1995) - 1080p.mkv": "b",
    "Heat (1995) {tmdb-949}/Heat (1995) - 2160p.mkv": "c",
    "Heat (1995) {tmdb-949}/Trailers/teaser.mkv": "d",
    "Iron Man/Iron Man (2008).mkv": "e",
    "Iron Man/Iron Man (2010).mkv": "f",
    "Brazil (1985)-cd1.mkv": "g",
    "Brazil (1985)-cd2.mkv": "h",
    "readme.txt": "no film",
}


async def test_a_folder_of_films_becomes_items(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree(FILMS))

    result = await library.scan(films)

    assert result["outcome"] == "completed"
    assert (result["files"], result["added"], result["items_added"], result["analyses_requested"]) == (8, 8, 5, 8)
    assert await library.films() == [
        ("Alien", 1979, "present"),
        ("Brazil", 1985, "present"),
        ("Heat", 1995, "present"),
        ("Iron Man", 2008, "present"),
        ("Iron Man", 2010, "present"),
    ]
    assert len(library.listener.changed) == 5


async def test_versions_parts_and_extras_belong_to_their_film(library: LibraryBench, tree: WriteTree) -> None:
    await library.scan(await library.add(tree(FILMS)))

    rows = await library.rows(
        "SELECT item.title, role, version, part, extra_kind FROM item_file JOIN item ON item.id = item_id"
        " WHERE title IN ('Heat', 'Brazil') ORDER BY title, position"
    )

    assert [tuple(row.values()) for row in rows] == [
        ("Brazil", "main", "", 1, None),
        ("Brazil", "main", "", 2, None),
        ("Heat", "main", "2160p", None, None),
        ("Heat", "main", "1080p", None, None),
        ("Heat", "extra", "", None, "trailer"),
    ]
    (ids,) = await library.rows("SELECT provider, value, source FROM external_id")
    assert tuple(ids.values()) == ("tmdb", "949", "name")


async def test_the_second_scan_writes_no_row(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    before = await library.raw_rows()

    result = await library.scan(films)

    assert await library.raw_rows() == before
    assert result["folders_unchanged"] == result["folders"] == 5
    assert len(await library.jobs("library.analyze")) == 8


async def test_a_full_scan_of_an_unchanged_tree_writes_no_row_either(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    before = await library.raw_rows()

    result = await library.scan(films, full=True)

    assert await library.raw_rows() == before
    assert result["folders_unchanged"] == 0
    assert len(await library.jobs("library.analyze")) == 8


async def test_a_disk_that_lists_in_another_order_every_time_is_unchanged(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    before = await library.raw_rows()
    listed = os.scandir

    @contextlib.contextmanager
    def turned_round(path: bytes) -> Iterator[Iterator[os.DirEntry[bytes]]]:
        with listed(path) as entries:
            yield reversed(list(entries))

    monkeypatch.setattr(os, "scandir", turned_round)
    result = await library.scan(films)

    assert await library.raw_rows() == before
    assert result["folders_unchanged"] == result["folders"] == 5
    assert result["files"] == 8


async def test_a_folder_with_more_files_than_a_batch_is_recorded_whole(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch ends between folders, so half a folder is never taken for all of it."""
    monkeypatch.setattr(walking, "BATCH_FILES", 100)
    films = await library.add(tree({f"Film {number} (1999).mkv": "x" for number in range(1_000)}))

    first, second = await library.scan(films), await library.scan(films)

    assert (first["added"], first["items_added"], first["missing"]) == (1_000, 1_000, 0)
    assert (second["files"], second["folders_unchanged"], second["missing"]) == (1_000, 1, 0)


async def test_an_unchanged_folder_costs_no_statement(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty times the folders, the same statements."""
    small = await library.add(tree({"s/Alien (1979)/Alien (1979).mkv": "a"}) / "s", name="small")
    large_tree = {f"l/Film {number} (1999)/Film {number} (1999).mkv": "x" for number in range(20)}
    large = await library.add(tree(large_tree) / "l", name="large")
    await library.scan(small)
    await library.scan(large)
    statements: list[object] = []
    execute = psycopg.AsyncConnection.execute

    async def counted(self: psycopg.AsyncConnection, query: object, *args: object, **kwargs: object) -> object:
        statements.append(query)
        return await execute(self, query, *args, **kwargs)  # type: ignore[arg-type]

    execute_on_cursor = psycopg.AsyncCursor.execute

    async def counted_on_cursor(self: psycopg.AsyncCursor, query: object, *args: object, **kwargs: object) -> object:
        statements.append(query)
        return await execute_on_cursor(self, query, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", counted)
    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counted_on_cursor)
    counts = []
    for films in (small, large):
        statements.clear()
        await library.scan(films)
        counts.append(len(statements))

    assert counts[0] == counts[1] > 0


async def test_a_changed_file_is_probed_again_and_keeps_its_id(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    (before,) = await library.rows("SELECT id FROM file WHERE display_path LIKE 'Alien%%'")
    await library.connection.execute("DELETE FROM river.river_job")
    write_tree(root, {"Alien (1979)/Alien (1979).mkv": "longer than before"})

    result = await library.scan(films)

    assert (result["changed"], result["added"], result["analyses_requested"]) == (1, 0, 1)
    (after,) = await library.rows("SELECT id, size FROM file WHERE display_path LIKE 'Alien%%'")
    assert after == {"id": before["id"], "size": 18}


async def test_a_second_version_joins_its_film(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    write_tree(root, {"Alien (1979)/Alien (1979) - Director's Cut.mkv": "x"})

    await library.scan(films)

    rows = await library.rows(
        "SELECT version FROM item_file JOIN item ON item.id = item_id WHERE title = 'Alien' ORDER BY position"
    )
    assert [row["version"] for row in rows] == ["", "Director's Cut"]
    assert len(await library.films()) == 5


async def test_what_is_deleted_goes_missing_and_comes_back_as_itself(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    ids = await library.rows("SELECT id FROM item UNION ALL SELECT id FROM file ORDER BY 1")
    alien = root / "Alien (1979)"
    aside = root.parent / "aside"
    alien.rename(aside)

    gone = await library.scan(films)
    lost = await library.files()
    aside.rename(alien)
    back = await library.scan(films)

    assert (gone["outcome"], gone["missing"]) == ("completed", 1)
    assert lost["Alien (1979)/Alien (1979).mkv"] == "missing"
    assert list(lost.values()).count("missing") == 1
    assert back["returned"] == 1
    assert set((await library.files()).values()) == {"present"}
    assert {state for _, _, state in await library.films()} == {"present"}
    assert await library.rows("SELECT id FROM item UNION ALL SELECT id FROM file ORDER BY 1") == ids
    assert await library.rows("SELECT FROM file WHERE missing_since IS NOT NULL") == []


async def test_a_film_is_missing_only_when_all_its_files_are(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(FILMS)
    films = await library.add(root)
    await library.scan(films)
    heat = root / "Heat (1995) {tmdb-949}"

    (heat / "Heat (1995) - 1080p.mkv").unlink()
    await library.scan(films)
    with_one = {title: state for title, _, state in await library.films()}
    (heat / "Heat (1995) - 2160p.mkv").unlink()
    await library.scan(films)
    with_none = {title: state for title, _, state in await library.films()}

    assert (with_one["Heat"], with_none["Heat"]) == ("present", "missing")
    assert len(await library.rows("SELECT FROM item")) == 5


async def test_a_locked_title_survives_a_full_scan(library: LibraryBench, tree: WriteTree) -> None:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    await library.connection.execute(
        "UPDATE item SET title = 'Mine', year = 1, locked = '{title}' WHERE title = 'Alien'"
    )

    await library.scan(films, full=True)

    assert ("Mine", 1979, "present") in await library.films()


async def test_hostile_names_are_recorded_as_they_are(library: LibraryBench, tree: WriteTree) -> None:
    names = [
        b"new\nline (2001).mkv",
        b"not utf-8 \xff\xfe (2002).mkv",
        b"-i.mkv",
        b"concat:a|b.mkv",
        b"a'b\";$(x).mkv",
        b"x" * 251 + b".mkv",
        "re\u202every (2003).mkv".encode(),
        b"\x1b[31mred (2004).mkv",
        b"'; DROP TABLE file; --.mkv",
        b"%s %(x)s {}.mkv",
    ]
    root = tree(dict.fromkeys(names, "x"))
    films = await library.add(root)

    result = await library.scan(films)
    before = await library.raw_rows()
    await library.scan(films)

    assert result["added"] == len(names)
    rows = await library.rows("SELECT name, display_path FROM file")
    assert {row["name"] for row in rows} == set(names)
    assert all(row["display_path"].isprintable() for row in rows)
    assert await library.raw_rows() == before
    assert all(title.isprintable() for title, _, _ in await library.films())


LATIN = "Amélie (2001)/Amélie (2001).mkv".encode("latin-1")


async def test_a_film_is_called_the_same_whatever_system_wrote_its_name(library: LibraryBench, tree: WriteTree) -> None:
    composed, apart = "Élysée (1999)", "E\u0301lyse\u0301e (1999)"
    root = tree({LATIN: "a", f"{composed}/1080p.mkv": "b", f"{apart}/1080p.mkv": "c"})

    await library.scan(await library.add(root))

    assert await library.films() == [
        ("Amélie", 2001, "present"),
        ("Élysée", 1999, "present"),
        ("Élysée", 1999, "present"),
    ]
    rows = await library.rows("SELECT folder.path, name FROM file JOIN folder ON folder.id = folder_id")
    assert min(row["path"] + b"/" + row["name"] for row in rows) == LATIN


async def test_a_full_scan_reads_names_as_they_are_read_now(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Titles from before names of old disks were understood."""
    films = await library.add(tree({LATIN: "a"}))
    with monkeypatch.context() as before:
        before.setattr("app.library.naming.text.decoded", lambda name: name.decode("utf-8", "replace"))
        await library.scan(films)
    assert await library.films() == [("Am\ufffdlie", 2001, "present")]

    await library.scan(films, full=True)

    assert await library.films() == [("Amélie", 2001, "present")]


async def test_what_is_no_file_is_harmless(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Alien (1979).mkv": "a", "deep/er": None})
    (root / "loop").symlink_to(root)
    (root / "deep" / "up").symlink_to("..")
    (root / "outside.mkv").symlink_to("/etc/passwd")
    os.mkfifo(root / "pipe.mkv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(root / "s.mkv"))
        result = await library.scan(await library.add(root))

    assert (result["outcome"], result["files"], result["links_skipped"]) == ("completed", 1, 3)
    assert await library.files() == {"Alien (1979).mkv": "present"}


async def test_junk_is_passed_by(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {
            "Alien (1979)/Alien (1979).mkv": "a",
            "Alien (1979)/Alien-sample.mkv": 1000,
            "Alien (1979)/._Alien.mkv": "x",
            "Alien (1979)/Alien.mkv.part": "x",
            "@eaDir/x.mkv": "x",
            "$RECYCLE.BIN/x.mkv": "x",
            "#recycle/x.mkv": "x",
            ".Trash-1000/x.mkv": "x",
            "lost+found/x.mkv": "x",
            "_UNPACK_Film/x.mkv": "x",
            "_FAILED_Film/x.mkv": "x",
            "@Recently-Snapshot/x.mkv": "x",
            "__MACOSX/x.mkv": "x",
            "Private/.ignore": "",
            "Private/x.mkv": "x",
        }
    )

    await library.scan(await library.add(root))

    assert await library.files() == {"Alien (1979)/Alien (1979).mkv": "present"}


async def test_a_name_without_an_ending_is_no_download(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Download/Alien (1979).mkv": "a", "Part/Heat (1995).mkv": "b", "Partial.mkv": "c"})

    await library.scan(await library.add(root))

    assert sorted(await library.files()) == ["Download/Alien (1979).mkv", "Part/Heat (1995).mkv", "Partial.mkv"]


async def test_progress_is_told_while_it_runs(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "BATCH_FOLDERS", 1)
    films = await library.add(tree(FILMS))
    await library.request(films)
    (job,) = await library.claim(ScanLibraryArgs)
    told: list[dict[str, object]] = []

    async def report(value: dict[str, object]) -> None:
        told.append(value)

    await library.scanner.scan(job.args, report)

    assert [step["phase"] for step in told] == ["files"] * len(told)
    assert [step["files"] for step in told] == sorted(step["files"] for step in told)  # type: ignore[type-var]
    assert len(told) >= 5
    assert told[-1]["added"] == 8


async def test_two_roots_of_one_library_are_both_scanned(library: LibraryBench, tmp_path: Path) -> None:
    one = write_tree(tmp_path / "one", {"Alien (1979).mkv": "a"})
    two = write_tree(tmp_path / "two", {"Heat (1995).mkv": "b"})

    result = await library.scan(await library.add(one, two))

    assert [root["outcome"] for root in result["roots"]] == ["completed", "completed"]
    assert [title for title, _, _ in await library.films()] == ["Alien", "Heat"]


async def test_paths_longer_than_the_system_takes_at_once(library: LibraryBench, tmp_path: Path) -> None:
    """Seventeen folders of 250 bytes: the last ones can only be reached step by step."""
    root = tmp_path / "media"
    root.mkdir()
    names = [f"{number:02} " + "x" * 247 for number in range(17)]
    here = os.open(root, os.O_RDONLY)
    for name in names:
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("Alien (1979).mkv", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    films = await library.add(root)

    first = await library.scan(films)
    second = await library.scan(films)

    (file,) = await library.rows("SELECT length(display_path) AS length FROM file")
    assert (first["outcome"], first["added"], file["length"] > 4096) == ("completed", 1, True)
    assert (second["folders_unchanged"], second["folders"]) == (18, 18)
    shutil.rmtree(root)
