"""Shows become series, seasons and episodes, and stay what they are when files are renamed, moved, lost and found."""

import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.fixtures.library import LibraryBench
from tests.fixtures.tree import WriteTree, write_tree

SHELF = """
    SELECT series.title AS series, series.year, season.number AS season, episode.number, episode.title,
        array_agg(convert_from(file.name, 'utf8') ORDER BY link.position) FILTER (WHERE file.id IS NOT NULL) AS files,
        episode.id, episode.state, episode.absolute_number, episode.released_on, season.title AS season_title,
        season.id AS season_id, series.id AS series_id, season.state AS season_state, series.state AS series_state,
        array_agg(link.version ORDER BY link.position) FILTER (WHERE file.id IS NOT NULL) AS versions,
        array_agg(link.part ORDER BY link.position) FILTER (WHERE file.id IS NOT NULL) AS parts
    FROM item episode
    JOIN item season ON season.id = episode.parent_id
    JOIN item series ON series.id = season.parent_id
    LEFT JOIN item_file link ON link.item_id = episode.id
    LEFT JOIN file ON file.id = link.file_id
    WHERE episode.kind = 'episode'
    GROUP BY episode.id, season.id, series.id
    ORDER BY series.sort_title, series.year, season.number, episode.number, episode.sort_title
"""

ALL_ROWS = """
    SELECT series.title AS series, season.number AS season, episode.number, episode.title, episode.state
    FROM item episode JOIN item season ON season.id = episode.parent_id JOIN item series ON series.id = season.parent_id
    ORDER BY 1, 2, 3, 4
"""


async def shelf(library: LibraryBench) -> list[dict[str, Any]]:
    return await library.rows(SHELF)


async def episodes(library: LibraryBench) -> list[tuple[Any, ...]]:
    """Return series, season, number, title and files of each episode, in order."""
    return [(r["series"], r["season"], r["number"], r["title"], r["files"]) for r in await shelf(library)]


async def ids(library: LibraryBench) -> dict[tuple[str, int, int], UUID]:
    return {(r["series"], r["season"], r["number"]): r["id"] for r in await shelf(library)}


async def scanned(library: LibraryBench, root: Path, **more: Any) -> UUID:
    library_id = await library.add(root, name="Shows", kind="tvshows", **more)
    await library.scan(library_id)
    return library_id


async def test_a_show_becomes_series_seasons_and_episodes(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {
            "Dark (2017)/Season 1/Dark S01E01 Secrets.mkv": "1",
            "Dark (2017)/Season 1/Dark S01E03.mkv": "3",
            "Dark (2017)/Season 02/Dark S02E01.mkv": "4",
            "Dark (2017)/Specials/Dark S00E01 Making Of.mkv": "5",
        }
    )

    await scanned(library, root)

    assert await episodes(library) == [
        ("Dark", 0, 1, "Making Of", ["Dark S00E01 Making Of.mkv"]),
        ("Dark", 1, 1, "Secrets", ["Dark S01E01 Secrets.mkv"]),
        ("Dark", 1, 3, "Episode 3", ["Dark S01E03.mkv"]),
        ("Dark", 2, 1, "Episode 1", ["Dark S02E01.mkv"]),
    ]
    rows = await shelf(library)
    assert [row["season_title"] for row in rows] == ["Specials", "Season 1", "Season 1", "Season 2"]
    assert {(row["year"], row["series_state"], row["season_state"]) for row in rows} == {(2017, "present", "present")}
    announced = {row["id"] for row in await library.rows("SELECT id FROM item")}
    assert len(announced) == 4 + 3 + 1
    assert set(library.listener.changed) == announced


async def test_several_episodes_in_one_file_and_several_files_of_one(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {
            "Show/Season 1/Show S01E01-E03 720p.mkv": "1",
            "Show/Season 1/Show S01E02 1080p.mkv": "2",
            "Show/Season 1/Show S01E04.mkv": "3",
            "Show/Season 1/Show S01E04.avi": "3",
        }
    )

    await scanned(library, root)

    triple = "Show S01E01-E03 720p.mkv"
    found = await shelf(library)
    assert [row["files"] for row in found[:3]] == [[triple], ["Show S01E02 1080p.mkv", triple], [triple]]
    assert len(found) == 4
    assert len(set(found[3]["versions"])) == 2  # two files of one name are beside each other, not one after the other


async def test_the_second_scan_writes_no_row_and_a_full_one_neither(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {
            "Show (2001) {tvdb-77}/Season 1/Show S01E01-E02 Pilot.mkv": "1",
            "Show (2001) {tvdb-77}/trailers/t.mkv": "2",
            "loose.S02E03.mkv": "3",
        }
    )
    library_id = await scanned(library, root)
    before = await library.raw_rows()

    await library.scan(library_id)
    await library.scan(library_id, full=True)

    assert await library.raw_rows() == before


async def test_a_show_is_missing_only_when_all_its_files_are(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Show/Season 1/Show S01E01.mkv": "1", "Show/Season 2/Show S02E01.mkv": "2", "Other/O S01E01.mkv": "3"})
    library_id = await scanned(library, root)
    first = await shelf(library)

    shutil.rmtree(root / "Show" / "Season 1")
    await library.scan(library_id)
    states = [
        (r["series"], r["season"], r["state"], r["season_state"], r["series_state"]) for r in await shelf(library)
    ]
    assert states == [
        ("Other", 1, "present", "present", "present"),
        ("Show", 1, "missing", "missing", "present"),
        ("Show", 2, "present", "present", "present"),
    ]

    shutil.rmtree(root / "Show" / "Season 2")
    await library.scan(library_id)
    assert {r["series_state"] for r in await shelf(library) if r["series"] == "Show"} == {"missing"}

    write_tree(root, {"Show/Season 1/Show S01E01.mkv": "1", "Show/Season 2/Show S02E01.mkv": "2"})
    await library.scan(library_id)
    again = await shelf(library)
    assert {r["series_state"] for r in again} == {r["season_state"] for r in again} == {"present"}
    assert [(r["id"], r["season_id"], r["series_id"]) for r in again] == [
        (r["id"], r["season_id"], r["series_id"]) for r in first
    ]


async def test_an_id_in_a_folders_name_is_an_order(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {
            "The Office {tvdb-1}/Season 1/x S01E01.mkv": "1",
            "The Office {tvdb-2}/Season 1/x S01E01.mkv": "2",
            "Office again {tvdb-1}/Season 2/x S02E01.mkv": "3",
        }
    )

    await scanned(library, root)

    rows = await library.rows(
        "SELECT value, count(DISTINCT season.id) AS seasons FROM external_id JOIN item series ON series.id = item_id"
        " JOIN item season ON season.parent_id = series.id GROUP BY series.id, value ORDER BY value"
    )
    assert rows == [{"value": "1", "seasons": 2}, {"value": "2", "seasons": 1}]


async def test_one_title_of_two_years_is_two_series(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {
            "Battlestar Galactica (1978)/Season 1/b S01E01.mkv": "1",
            "Battlestar Galactica (2003)/Season 1/b S01E01.mkv": "2",
        }
    )

    await scanned(library, root)

    assert [(r["series"], r["year"], r["number"]) for r in await shelf(library)] == [
        ("Battlestar Galactica", 1978, 1),
        ("Battlestar Galactica", 2003, 1),
    ]


async def test_a_series_in_two_roots_is_one(library: LibraryBench, tmp_path: Path) -> None:
    one = write_tree(tmp_path / "one", {"Show (2001)/Season 1/Show S01E01 720p.mkv": "1"})
    two = write_tree(
        tmp_path / "two", {"Show (2001)/Season 1/Show S01E01 1080p.mkv": "2", "Show (2001)/Show S02E01.mkv": "3"}
    )

    library_id = await library.add(one, two, name="Shows", kind="tvshows")
    await library.scan(library_id)

    assert await episodes(library) == [
        ("Show", 1, 1, "Episode 1", ["Show S01E01 1080p.mkv", "Show S01E01 720p.mkv"]),
        ("Show", 2, 1, "Episode 1", ["Show S02E01.mkv"]),
    ]
    before = await library.raw_rows()
    await library.scan(library_id, full=True)
    assert await library.raw_rows() == before


async def test_extras_belong_to_their_series(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {"Show/Season 1/Show S01E01.mkv": "1", "Show/trailers/First.mkv": "2", "Empty/trailers/Of nothing.mkv": "3"}
    )

    await scanned(library, root)

    rows = await library.rows(
        "SELECT item.kind, item.title, link.extra_kind FROM item_file link JOIN item ON item.id = item_id"
        " WHERE role = 'extra'"
    )
    assert rows == [{"kind": "series", "title": "Show", "extra_kind": "trailer"}]
    assert [row["title"] for row in await library.rows("SELECT title FROM item WHERE kind = 'series'")] == ["Show"]


async def test_what_a_person_locked_stays(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Show/Season 1/Show S01E01 Wrong.mkv": "1"})
    library_id = await scanned(library, root)
    await library.connection.execute("UPDATE item SET title = 'Right', locked = '{title}' WHERE kind = 'episode'")

    await library.scan(library_id, full=True)

    assert [row["title"] for row in await shelf(library)] == ["Right"]


async def test_days_and_numbers_over_all_seasons(library: LibraryBench, tree: WriteTree) -> None:
    root = tree(
        {
            "The Daily Talk/The.Daily.Talk.2017.04.20.Somebody.720p.mkv": "1",
            "The Daily Talk/The.Daily.Talk.2016.12.31.mkv": "2",
            "Wanderer/[Group] Wanderer - 136 [720p].mkv": "3",
            "Wanderer/[Group] Wanderer - 12 [720p].mkv": "4",
            "Wanderer/Season 2/[Group] Wanderer - 03 [720p].mkv": "5",
        }
    )

    await scanned(library, root)

    rows = await shelf(library)
    assert [(r["series"], r["season"], r["number"], r["absolute_number"]) for r in rows] == [
        ("The Daily Talk", 2016, None, None),
        ("The Daily Talk", 2017, None, None),
        ("Wanderer", 1, 12, 12),
        ("Wanderer", 1, 136, 136),
        ("Wanderer", 2, 3, None),
    ]
    assert [str(r["released_on"]) for r in rows[:2]] == ["2016-12-31", "2017-04-20"]
    assert (rows[0]["title"], rows[2]["title"]) == ("2016-12-31", "Episode 12")


async def test_an_episode_is_found_by_its_day_or_absolute_number_wherever_a_source_put_it(
    library: LibraryBench, tree: WriteTree
) -> None:
    root = tree({"Show/Season 2/Show S02E03.mkv": "1"})
    library_id = await scanned(library, root)
    await library.connection.execute(
        "UPDATE item SET absolute_number = 15, released_on = '2017-04-20' WHERE kind = 'episode'"
    )

    write_tree(root, {"Show/Show - 15.mkv": "2", "Show/Show 2017.04.20.mkv": "3"})
    await library.scan(library_id)

    assert [(r["season"], r["number"], len(r["files"])) for r in await shelf(library)] == [(2, 3, 3)]
    before = await library.raw_rows()
    await library.scan(library_id, full=True)
    assert await library.raw_rows() == before


async def test_a_renumbered_file_keeps_its_episode(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Show/Season 1/Show S01E01.mkv": "1", "Show/Season 1/Show S01E02.mkv": "22"})
    library_id = await scanned(library, root)
    before = await ids(library)

    (root / "Show/Season 1/Show S01E02.mkv").rename(root / "Show/Season 1/Show S01E07 Seven.mkv")
    await library.scan(library_id)

    assert await ids(library) == {("Show", 1, 1): before["Show", 1, 1], ("Show", 1, 7): before["Show", 1, 2]}
    assert [row["title"] for row in await shelf(library)] == ["Episode 1", "Seven"]


async def test_two_files_that_swap_their_numbers_swap_their_episodes(library: LibraryBench, tree: WriteTree) -> None:
    """The numbers are what is watched: whoever saw episode 1 has seen whatever is episode 1 now."""
    root = tree({"Show/Show S01E01.mkv": "1", "Show/Show S01E02.mkv": "22"})
    library_id = await scanned(library, root)
    before = await ids(library)

    (root / "Show/Show S01E01.mkv").rename(root / "Show/x.mkv")
    (root / "Show/Show S01E02.mkv").rename(root / "Show/Show S01E01.mkv")
    (root / "Show/x.mkv").rename(root / "Show/Show S01E02.mkv")
    await library.scan(library_id)

    assert await ids(library) == before
    sizes = await library.rows(
        "SELECT item.number, file.size FROM item JOIN item_file ON item_id = item.id JOIN file ON file.id = file_id"
        " ORDER BY 1"
    )
    assert [(row["number"], row["size"]) for row in sizes] == [(1, 2), (2, 1)]


async def test_a_renamed_series_keeps_all_its_items(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({f"Shwo/Season {s}/Shwo S0{s}E0{e}.mkv": f"{s}{e}" * s for s in (1, 2) for e in (1, 2)})
    library_id = await scanned(library, root)
    before = {(r["season"], r["number"]): (r["id"], r["season_id"], r["series_id"]) for r in await shelf(library)}

    (root / "Shwo").rename(root / "Show (2001)")
    await library.scan(library_id)

    after = {(r["season"], r["number"]): (r["id"], r["season_id"], r["series_id"]) for r in await shelf(library)}
    assert {(r["series"], r["year"], r["series_state"]) for r in await shelf(library)} == {("Show", 2001, "present")}
    assert after == before


async def test_a_show_that_moves_to_another_library_takes_its_items_along(
    library: LibraryBench, tmp_path: Path
) -> None:
    one = write_tree(tmp_path / "one", {"Show/Season 1/Show S01E01.mkv": "1", "Show/Season 1/Show S01E02.mkv": "22"})
    two = write_tree(tmp_path / "two", {"Other/Other S01E01.mkv": "333"})
    first, second = await scanned(library, one), await library.add(two, name="More", kind="tvshows")
    await library.scan(second)
    before = await ids(library)

    shutil.move(one / "Show", two / "Show")
    await library.scan(second)
    await library.scan(first)

    assert await ids(library) == before
    owners = await library.rows("SELECT DISTINCT library_id FROM item")
    assert owners == [{"library_id": second}]
    assert {row["state"] for row in await library.rows("SELECT state FROM item")} == {"present"}


async def test_an_episode_that_a_person_has_put_somewhere_stays(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Show/Show S01E01.mkv": "1"})
    library_id = await scanned(library, root)
    await library.connection.execute("UPDATE item SET number = 9, locked = '{number,files}' WHERE kind = 'episode'")

    await library.scan(library_id, full=True)

    assert [(r["number"], r["files"]) for r in await shelf(library)] == [(9, ["Show S01E01.mkv"])]


async def test_what_nothing_numbers_is_still_shown(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({"Journeys/Beginning.mkv": "1", "Journeys/The End.mkv": "2"})

    await scanned(library, root)

    assert [(r["series"], r["season"], r["number"], r["title"]) for r in await shelf(library)] == [
        ("Journeys", 1, None, "Beginning"),
        ("Journeys", 1, None, "The End"),
    ]


async def test_nothing_is_called_none(library: LibraryBench, tree: WriteTree) -> None:
    """An episode between two, a file called like its series, and discs: neither number nor title."""
    root = tree({
        "Gintama/Gintama - 266.5 [720p].mkv": "1",
        "Gintama/Gintama.mkv": "2",
        "Firefly/Season 1/Disc 1/VIDEO_TS/VTS_01_1.VOB": "3",
        "Firefly/Season 1/Disc 1/VIDEO_TS/VTS_01_2.VOB": "4",
        "Firefly/Season 1/Disc 2/VIDEO_TS/VTS_01_1.VOB": "5",
        "Lost/Season 2/VIDEO_TS/VTS_01_1.VOB": "6",
    })  # fmt: skip

    await scanned(library, root)

    assert await episodes(library) == [
        ("Firefly", 1, None, "Disc 1", ["VTS_01_1.VOB", "VTS_01_2.VOB"]),
        ("Firefly", 1, None, "Disc 2", ["VTS_01_1.VOB"]),
        ("Gintama", 0, None, "266.5", ["Gintama - 266.5 [720p].mkv"]),
        ("Gintama", 1, None, "Gintama", ["Gintama.mkv"]),
        ("Lost", 2, None, "Disc", ["VTS_01_1.VOB"]),
    ]
    roles = await library.rows(
        "SELECT DISTINCT link.role, encode(file.name, 'escape') LIKE 'VTS%%' AS is_disc"
        " FROM item_file link JOIN file ON file.id = link.file_id ORDER BY 1"
    )
    assert roles == [{"role": "disc", "is_disc": True}, {"role": "main", "is_disc": False}]
