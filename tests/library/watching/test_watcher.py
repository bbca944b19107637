"""Changes on a real disk, heard and asked about: the folders concerned, and never everything for one event."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.config import WatchSettings
from app.library.jobs import AwaitSettledArgs, ScanLibraryArgs
from app.library.paths import display_path
from app.library.watching import root_watch
from app.library.watching import watcher as watching
from app.library.watching.root_watch import Changes, RootWatch
from app.library.watching.watcher import LibraryWatcher
from tests.fixtures.library import LibraryBench, bench_settings
from tests.fixtures.tree import Content, WriteTree, write_tree
from tests.fixtures.waiting import eventually

FILMS: dict[str | bytes, Content] = {"Alien (1979)/Alien (1979).mkv": "a", "Shelf/Heat (1995)/Heat (1995).mkv": "bb"}
QUICK = WatchSettings(debounce=timedelta(milliseconds=50))


@pytest.fixture
async def scanned(library: LibraryBench, tree: WriteTree) -> UUID:
    films = await library.add(tree(FILMS))
    await library.scan(films)
    return films


@asynccontextmanager
async def watcher_of(
    library: LibraryBench, watch: WatchSettings = QUICK, settle_after: timedelta = timedelta(0)
) -> AsyncIterator[LibraryWatcher]:
    """A watcher whose first round is done, with the scan it asks for worked off."""
    settings = bench_settings(watch=watch, settle_after=settle_after)
    watcher = LibraryWatcher(settings, library.transactions, library.service)
    watcher.refreshed.init()
    await watcher.start()
    try:
        await watcher.refreshed.wait()
        for job in await library.claim(ScanLibraryArgs):
            assert not job.args.requested_only
            await library.work(job)
        yield watcher
    finally:
        await watcher.stop()


def scan_requested(library: LibraryBench) -> Callable[[], Awaitable[bool]]:
    async def is_there() -> bool:
        return bool(
            await library.rows("SELECT FROM river.river_job WHERE kind = 'library.scan' AND state = 'available'")
        )

    return is_there


@pytest.mark.usefixtures("scanned")
async def test_a_new_film_is_found_by_a_look_into_its_folder_alone(library: LibraryBench, tree: WriteTree) -> None:
    async with watcher_of(library):
        await ready(library)
        tree({"Shelf/Brazil (1985)/Brazil (1985).mkv": "ccc"})
        result = await worked_until(library, {"Shelf/Brazil (1985)/Brazil (1985).mkv": "present"})

    assert (result["outcome"], result["added"], result["full_scan"]) == ("completed", 1, False)
    assert result["folders"] < 4
    assert ("Brazil", 1985, "present") in await library.films()


async def ready(library: LibraryBench) -> None:
    """Wait until the watch hears: setting it up happens beside us. Of the last signs it may hear later."""
    (root,) = await library.rows("SELECT path FROM library_root")
    sign = Path(os.fsdecode(root["path"])) / "sign"

    async def is_heard() -> bool:
        sign.write_text("x")
        sign.unlink()
        return await scan_requested(library)()

    await eventually(is_heard)
    await settled(library)


async def settled(library: LibraryBench) -> dict[str, Any]:
    """Work the scans that are asked for until none is; return what they say together."""
    total: dict[str, Any] = {}
    while await scan_requested(library)():
        # A request that is just being made holds the row, and then nobody can claim it yet.
        for job in await eventually(lambda: library.claim(ScanLibraryArgs)):
            assert job.args.requested_only
            result = (await library.work(job)).metadata_value()["output"]
            total = {
                key: max(value, total.get(key, 0)) if isinstance(value, int) else value for key, value in result.items()
            }
    return total


async def worked_until(library: LibraryBench, states: dict[str, str]) -> dict[str, Any]:
    """Work the scans that are asked for until files are known to be so; return what these say together."""
    total: dict[str, Any] = {}

    async def are_so() -> bool:
        for name, value in (await settled(library)).items():
            total[name] = max(value, total.get(name, 0)) if isinstance(value, int) else value
        return states.items() <= (await library.files()).items()

    await eventually(are_so)
    return total


@pytest.mark.usefixtures("scanned")
async def test_what_goes_goes_missing(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({})
    async with watcher_of(library):
        await ready(library)
        (root / "Shelf").rename(root.parent / "aside")
        await worked_until(library, {"Shelf/Heat (1995)/Heat (1995).mkv": "missing"})

    assert await library.files() == {
        "Alien (1979)/Alien (1979).mkv": "present",
        "Shelf/Heat (1995)/Heat (1995).mkv": "missing",
    }


@pytest.mark.usefixtures("scanned")
async def test_what_is_being_written_is_asked_about_when_that_is_over(library: LibraryBench, tree: WriteTree) -> None:
    async with watcher_of(library, settle_after=timedelta(hours=1)):
        await ready(library)
        with (tree({}) / "Alien (1979)" / "Alien (1979).mkv").open("a") as film:
            film.write("more")
        query = "SELECT not_before > now() AS later FROM scan_request WHERE path = 'Alien (1979)'::bytea"
        assert await eventually(lambda: library.rows(query)) == [{"later": True}]
        (job,) = await library.jobs(AwaitSettledArgs.kind)
        assert job["state"] == "scheduled"


@pytest.mark.usefixtures("scanned")
async def test_another_disk_over_the_root_is_watched_anew(library: LibraryBench, tree: WriteTree) -> None:
    root = tree({})
    async with watcher_of(library) as watcher:
        await ready(library)
        root.rename(root.parent / "aside")
        write_tree(root, FILMS)
        await watcher.refresh()
        await eventually(lambda: not watcher._asking)  # nobody hears of the folder that was there before any more
        await eventually(lambda: worked_off(library))
        await ready(library)


async def worked_off(library: LibraryBench) -> bool:
    """Work whatever scans wait; whether none is left."""
    for job in await library.claim(ScanLibraryArgs):
        await library.work(job)
    return not await scan_requested(library)()


async def test_a_library_that_was_never_scanned_is_left_to_its_owner(library: LibraryBench, tree: WriteTree) -> None:
    await library.add(tree(FILMS))

    async with watcher_of(library):
        assert await library.jobs("library.scan") == []


@pytest.mark.usefixtures("scanned")
async def test_a_network_disk_is_looked_at_now_and_then(library: LibraryBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "file_system_of", lambda _: "nfs4")

    async with watcher_of(library, WatchSettings(poll_interval=timedelta(milliseconds=1))) as watcher:
        await watcher.refresh()
        (job,) = await library.claim(ScanLibraryArgs)
        (row,) = await library.rows("SELECT mode, reason FROM root_watch")

    assert not job.args.requested_only
    assert row == {"mode": "polling", "reason": "the system does not tell what others change on nfs4"}


def test_the_limit_of_watches_is_told(tmp_path: Path) -> None:
    """The limit is each user's, so a namespace of its own lets us lower it for one process."""
    write_tree(tmp_path, {f"{number}/x.mkv": "x" for number in range(10)})
    script = (
        "import asyncio, os, sys\n"
        "from datetime import timedelta\n"
        "from app.library.watching.root_watch import RootWatch\n"
        "async def main():\n"
        "    watch = RootWatch(os.fsencode(sys.argv[1]), timedelta(seconds=1), print)\n"
        "    print(await watch.ended)\n"
        "asyncio.run(main())\n"
    )
    limited = 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$0" -c "$1" "$2"'
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", limited, sys.executable, script, str(tmp_path)]
    probe = subprocess.run(
        [*command[:5], "true > /proc/sys/user/max_inotify_watches"], check=False, capture_output=True
    )
    if probe.returncode:
        pytest.skip(f"no user namespace with limits of its own here: {probe.stderr.decode().strip()}")

    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

    assert "limit of watched folders is reached" in answer.stdout


@pytest.mark.usefixtures("scanned")
async def test_names_that_are_no_text_are_heard_too(library: LibraryBench, tree: WriteTree) -> None:
    """The watcher gives up at such a name; it is taken from what it says of it, and watched on."""
    name = b"Shelf/\xff'\"\\b\xc3\xa9\t\n\xe2\x80\xae \xfe (2001).mkv"
    found = {display_path(name): "present"}
    async with watcher_of(library) as watcher:
        await ready(library)
        tree({name: "ccc"})
        result = await worked_until(library, found)
        await watcher.refresh()
        await ready(library)
        assert await library.rows("SELECT mode FROM root_watch") == [{"mode": "events"}]

    assert result["added"] == 1


async def test_folders_whose_names_are_no_text_have_their_root_polled(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watcher opens them as it begins, is told of that, and ends. It was begun anew for ever, and scans with it."""
    monkeypatch.setattr(root_watch, "LATE_NS", 0)
    films = await library.add(tree(FILMS | {b"Am\xe9lie (2001)/Extras/more.mkv": "a"}))
    await library.scan(films)

    async with watcher_of(library) as watcher:
        (root,) = watcher._roots.values()
        await eventually(lambda: root.watch is None)
        await watcher.refresh()
        (told,) = await library.rows("SELECT mode, reason FROM root_watch")
        asked = await library.rows("SELECT FROM river.river_job WHERE kind = 'library.scan' AND state = 'available'")

    assert told["mode"] == "polling"
    assert "names there are no UTF-8" in told["reason"]
    assert r"Am\xe9lie" in told["reason"]
    assert asked == []


async def test_what_was_only_opened_has_not_changed(tmp_path: Path) -> None:
    """A look that was asked for must not ask for another."""
    file = tmp_path / os.fsdecode(b"\xe9.mkv")
    path = os.fsencode(file)
    file.write_text("a")
    watch = RootWatch(os.fsencode(tmp_path), timedelta(milliseconds=50), lambda _: None)
    await watch.stop()
    watch._watched_from = file.stat().st_ctime_ns

    assert watch._has_changed(path)
    file.read_text()
    assert not watch._has_changed(path)

    def is_told_when_touched() -> bool:
        file.touch()
        return watch._has_changed(path)

    await eventually(is_told_when_touched)  # the system's clock for files is a slow one
    watch._watched_from = file.stat().st_ctime_ns + root_watch.LATE_NS + 1
    watch._told = None
    assert not watch._has_changed(path)
    file.unlink()
    assert watch._has_changed(path)


async def test_it_stops_though_names_that_are_no_text_keep_changing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Changes] = []
    monkeypatch.setattr(RootWatch, "_watch_until_unspelt", lambda _: b"/gone/\xe9")
    watch = RootWatch(os.fsencode(tmp_path), timedelta(milliseconds=50), told.append)
    await eventually(lambda: len(told) > 1)

    await watch.stop()

    assert watch.ended.result() is None


async def test_it_stops_and_starts_again(
    library: LibraryBench, tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "GOOD_BYE", timedelta(minutes=1))
    films = await library.add(tree(FILMS))
    await library.scan(films)

    for _ in range(3):
        async with watcher_of(library) as watcher:
            await watcher.start()
            await watcher.stop()
            assert await library.rows("SELECT FROM root_watch") == []
