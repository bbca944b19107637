"""What somebody has seen: theirs alone, on items, whatever becomes of the files."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.accounts.roles import Role
from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.browse import Catalog, ItemNotFound, ItemQuery
from app.catalog.home import HomePage
from app.catalog.views import UserState
from app.catalog.watching import Watching
from app.config import Settings
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.ids import uuid7
from app.jobs.testing import StubClock
from app.library.models import Item, ItemDetail, ItemFile
from app.playback.ports import Watched
from app.playback.watching.listener import WatchStateFollows, WatchStateOfPlaybacks
from app.playback.watching.states import Told, WatchStates
from tests.fixtures.accounts import Accounts
from tests.fixtures.library import LibraryBench
from tests.fixtures.shelf import Shelf
from tests.fixtures.tree import WriteTree
from tests.fixtures.web import Web

HOUR = 3_600_000
ME = LOCAL_ADMINISTRATOR


@pytest.fixture
def watching(transactions: Transactions, clock: StubClock) -> Watching:
    return Watching(transactions, WatchStates(Settings(), clock))


class Show:
    """A series of two seasons with three episodes each, and two specials, all an hour long."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.ids: dict[str, UUID] = {}

    async def fill(self, root: Path) -> None:
        self.library = await self.shelf.library(root, name="Shows", kind="tvshows")
        series = self.ids["series"] = await self.item("Show", kind="series")
        for number in (0, 1, 2):
            season = self.ids[f"s{number}"] = await self.item(
                f"Season {number}", kind="season", parent_id=series, number=number
            )
            for episode in range(1, 4 if number else 3):
                name = f"{number}x{episode}"
                item_id = self.ids[name] = await self.item(name, kind="episode", parent_id=season, number=episode)
                await self.shelf.file(self.library, f"{name}.mkv", item_id=item_id, duration_ms=HOUR)

    async def item(self, title: str, **columns: Any) -> UUID:
        return await self.shelf.item(self.library, title, **columns)


@pytest.fixture
async def show(shelf: Shelf, tmp_path: Path) -> Show:
    show = Show(shelf)
    await show.fill(tmp_path)
    return show


async def names(watching: Watching, what: str, viewer: Viewer = ME) -> list[str]:
    row = await (watching.resume(viewer) if what == "resume" else watching.next_up(viewer))
    return [item.title for item in row.items]


async def test_a_play_is_begun_gone_on_with_watched_and_counted_once(
    watching: Watching, show: Show, clock: StubClock
) -> None:
    episode = show.ids["1x1"]
    assert (await watching.tell(ME, episode, Told(HOUR // 100))).position_ms == 0
    assert (await watching.tell(ME, episode, Told(HOUR // 2))).position_ms == HOUR // 2
    assert await names(watching, "resume") == ["1x1"]
    for part in (92, 95, 99):
        state = await watching.tell(ME, episode, Told(HOUR * part // 100))
    assert state == UserState(watched=True, play_count=1, last_played_at=clock.now())
    assert await names(watching, "resume") == []

    again = await watching.tell(ME, episode, Told(HOUR // 2))
    assert (again.watched, again.position_ms, again.play_count) == (True, HOUR // 2, 1)
    assert (await watching.tell(ME, episode, Told(HOUR))).play_count == 2
    history = await watching.history(ME)
    assert [entry.item.title for entry in history.entries] == ["1x1", "1x1"]


async def test_what_is_begun_can_be_taken_out_until_it_is_played_again(watching: Watching, show: Show) -> None:
    await watching.tell(ME, show.ids["1x1"], Told(HOUR // 2))
    await watching.hide(ME, show.ids["1x1"])
    assert await names(watching, "resume") == []
    await watching.tell(ME, show.ids["1x1"], Told(HOUR // 2 + 1))
    assert await names(watching, "resume") == ["1x1"]


async def test_the_next_episode_follows_the_last_watched_one(
    watching: Watching, show: Show, clock: StubClock, transactions: Transactions
) -> None:
    assert await names(watching, "next_up") == []
    await watching.tell(ME, show.ids["1x1"], Told(HOUR))
    assert await names(watching, "next_up") == ["1x2"]
    clock.advance(timedelta(hours=1))
    await watching.mark(ME, show.ids["s1"], watched=True)
    assert await names(watching, "next_up") == ["2x1"]
    async with transactions.begin() as tx:
        tx.session.add(ItemDetail(item_id=show.ids["0x2"], source="nfo", airs_before_season=2, airs_before_episode=1))
    assert await names(watching, "next_up") == ["0x2"]
    await watching.mark(ME, show.ids["0x2"], watched=True)
    assert await names(watching, "next_up") == ["2x1"]
    await watching.tell(ME, show.ids["2x1"], Told(HOUR // 2))
    assert (await names(watching, "next_up"), await names(watching, "resume")) == ([], ["2x1"])
    await watching.mark(ME, show.ids["series"], watched=True)
    assert await names(watching, "next_up") == []


async def test_episodes_of_one_file_are_seen_together(
    watching: Watching, show: Show, transactions: Transactions
) -> None:
    async with transactions.begin() as tx:
        for link in await tx.session.scalars(
            ItemFile.__table__.select().with_only_columns(ItemFile.file_id).where(ItemFile.item_id == show.ids["1x1"])
        ):
            tx.session.add(ItemFile(item_id=show.ids["1x2"], file_id=link))
    await watching.tell(ME, show.ids["1x2"], Told(HOUR // 2))
    assert await names(watching, "resume") == ["1x1"]
    await watching.tell(ME, show.ids["1x1"], Told(HOUR))
    assert (await names(watching, "resume"), await names(watching, "next_up")) == ([], ["1x3"])


async def test_whole_seasons_and_series_are_marked_and_counted(watching: Watching, show: Show) -> None:
    state = await watching.mark(ME, show.ids["s1"], watched=True)
    assert (state.watched, state.unwatched_count) == (True, 0)
    state = await watching.mark(ME, show.ids["1x2"], watched=False)
    assert (state.watched, state.play_count) == (False, 0)
    state = await watching.favor(ME, show.ids["series"], favorite=True)
    assert (state.watched, state.unwatched_count, state.favorite) == (False, 6, True)
    assert (await watching.favor(ME, show.ids["series"], favorite=False)).favorite is False
    with pytest.raises(InvalidInput):
        await watching.tell(ME, show.ids["series"], Told(1))


async def test_everybody_has_a_state_of_their_own(watching: Watching, show: Show, accounts: Accounts) -> None:
    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    her = Viewer(name="Ada", libraries=None, account_id=ada.id)
    await watching.tell(her, show.ids["1x1"], Told(HOUR // 2))
    assert (await names(watching, "resume", her), await names(watching, "resume")) == (["1x1"], [])
    stranger = Viewer(name="x", libraries=frozenset(), account_id=ada.id)
    assert await names(watching, "resume", stranger) == []
    assert (await watching.history(stranger)).entries == []
    for ask in (
        watching.tell(stranger, show.ids["1x1"], Told(1)),
        watching.mark(stranger, show.ids["1x1"], watched=True),
        watching.favor(stranger, show.ids["1x1"], favorite=True),
        watching.hide(stranger, show.ids["1x1"]),
    ):
        with pytest.raises(ItemNotFound):
            await ask


async def test_a_merged_item_gives_what_was_seen_to_the_other(
    watching: Watching, show: Show, transactions: Transactions, clock: StubClock
) -> None:
    gone, kept = show.ids["1x1"], show.ids["1x2"]
    await watching.tell(ME, kept, Told(HOUR // 4))
    clock.advance(timedelta(hours=1))
    await watching.tell(ME, gone, Told(HOUR))
    await watching.favor(ME, gone, favorite=True)
    async with transactions.begin() as tx:
        await WatchStateFollows().items_merged(tx, [(gone, kept)])
        await tx.session.delete(await tx.session.get_one(Item, gone))
    item = await Catalog(transactions).item(ME, kept)
    assert item.user == UserState(watched=True, play_count=1, last_played_at=clock.now(), favorite=True)
    assert [entry.item.id for entry in (await watching.history(ME)).entries] == [kept]


async def test_history_goes_on_page_by_page(watching: Watching, show: Show) -> None:
    for name in ("1x1", "1x2", "1x3"):
        await watching.tell(ME, show.ids[name], Told(HOUR))
    first = await watching.history(ME, limit=2)
    second = await watching.history(ME, first.next_cursor, 2)
    assert [entry.item.title for page in (first, second) for entry in page.entries] == ["1x3", "1x2", "1x1"]
    assert second.next_cursor is None


async def test_what_was_seen_survives_renames_and_disks_that_are_away(
    library: LibraryBench, tree: WriteTree, watching: Watching, transactions: Transactions, tmp_path: Path
) -> None:
    root = tree({f"{title} (2001)/{title} (2001).mkv": f"{title}" * 50 for title in ("Heat", "Dune", "Tron")})
    films = await library.add(root)
    await library.scan(films)
    catalog = Catalog(transactions)
    (heat, *_) = (await catalog.items(ME, ItemQuery(q="heat"))).items
    await watching.tell(ME, heat.id, Told(HOUR // 2, HOUR))

    (root / "Heat (2001)").rename(root / "Heat (1995)")
    (root / "Heat (1995)" / "Heat (2001).mkv").rename(root / "Heat (1995)" / "Heat.1995.1080p.mkv")
    await library.scan(films)
    (found, *others) = (await watching.resume(ME)).items
    assert (found.user.position_ms, found.state, others) == (HOUR // 2, "present", [])
    assert found.files[0].path.endswith("Heat.1995.1080p.mkv")

    away = root / "Heat (1995)" / "Heat.1995.1080p.mkv"
    away.rename(tmp_path / "away.mkv")
    await library.scan(films)
    assert (await catalog.item(ME, found.id)).state == "missing"
    (tmp_path / "away.mkv").rename(away)
    await library.scan(films)
    back = await catalog.item(ME, found.id)
    assert (back.state, back.user.position_ms) == ("present", HOUR // 2)


async def test_what_was_seen_survives_better_copies(
    library: LibraryBench, tree: WriteTree, watching: Watching, transactions: Transactions
) -> None:
    """One takes the place of the old file, and then one with another name comes beside it, and stays alone."""
    root = tree({f"{title}/{title}.mkv": title * 50 for title in ("Heat (1995)", "Dune (2021)", "Tron (1982)")})
    films, folder = await library.add(root), root / "Heat (1995)"
    await library.scan(films)
    catalog = Catalog(transactions)
    (heat, *_) = (await catalog.items(ME, ItemQuery(q="heat"))).items
    await watching.tell(ME, heat.id, Told(HOUR // 2, HOUR))

    (folder / "Heat (1995).mkv").write_text("of another disk" * 100)
    await library.scan(films)
    replaced = await catalog.item(ME, heat.id)
    assert (replaced.state, replaced.user.position_ms) == ("present", HOUR // 2)
    assert [file.size for file in replaced.files] == [1500]

    (folder / "Heat (1995) - 2160p.mkv").write_text("of four times the size" * 100)
    await library.scan(films)
    (folder / "Heat (1995).mkv").unlink()
    await library.scan(films)
    (found, *others) = (await watching.resume(ME)).items
    assert (found.id, found.user.position_ms, others) == (heat.id, HOUR // 2, [])
    assert {Path(file.path).name: file.state for file in found.files}["Heat (1995) - 2160p.mkv"] == "present"


async def test_the_routes_and_the_home_page(web: Web, show: Show, transactions: Transactions) -> None:
    item = f"/api/v1/items/{show.ids['1x1']}"
    told = await web.http.put(f"{item}/progress", json={"position_ms": HOUR // 2})
    assert told.json()["position_ms"] == HOUR // 2
    assert [one["title"] for one in (await web.http.get("/api/v1/resume")).json()["items"]] == ["1x1"]
    assert (await web.http.get(item)).json()["user"]["position_ms"] == HOUR // 2
    assert (await web.http.delete(f"{item}/resume")).status_code == 204
    assert (await web.http.put(f"{item}/watched")).json()["watched"] is True
    assert [one["title"] for one in (await web.http.get("/api/v1/next-up")).json()["items"]] == ["1x2"]
    assert (await web.http.get("/api/v1/history")).json() == {"entries": [], "next_cursor": None}
    assert (await web.http.put(f"{item}/favorite")).json()["favorite"] is True
    rows = (await HomePage(transactions).show(ME)).rows
    assert [row.kind for row in rows] == ["next_up", "recently_added"]
    for wrong in ({}, {"position_ms": -1}, {"position_ms": 1, "at": 2}):
        assert (await web.http.put(f"{item}/progress", json=wrong)).status_code == 400


async def test_what_is_played_here_needs_not_be_told(
    watching: Watching, show: Show, transactions: Transactions, clock: StubClock
) -> None:
    listener = WatchStateOfPlaybacks(WatchStates(Settings(), clock))
    values = {"account_id": None, "item_id": show.ids["1x1"], "file_id": uuid7(), "client": "", "is_paused": False}
    for position, found in ((HOUR // 2, ["1x1"]), (HOUR, [])):
        now = Watched(
            playback_id=uuid7(),
            position_ms=position,
            duration_ms=HOUR,
            started_at=clock.now(),
            **values,  # type: ignore[arg-type]
        )
        async with transactions.begin() as tx:
            await listener.playback_started(tx, now)
            await listener.playback_progressed(tx, now)
            await listener.playback_stopped(tx, now)
        assert await names(watching, "resume") == found
    assert [entry.item.user.play_count for entry in (await watching.history(ME)).entries] == [1]


async def test_whoever_tried_the_server_alone_takes_all_of_it_into_the_first_account(
    watching: Watching, show: Show, accounts: Accounts, clock: StubClock
) -> None:
    await watching.tell(ME, show.ids["1x1"], Told(HOUR - 1))
    await watching.tell(ME, show.ids["1x2"], Told(HOUR // 2))
    await watching.favor(ME, show.ids["series"], favorite=True)

    ada = await accounts.make("Ada", Role.ADMINISTRATOR)
    kim = await accounts.make("Kim", Role.ADMINISTRATOR)
    hers, his = (Viewer(name=one.name, libraries=None, account_id=one.id) for one in (ada, kim))

    assert await names(watching, "resume", hers) == ["1x2"]
    assert [one.item.title for one in (await watching.history(hers)).entries] == ["1x1"]
    assert await names(watching, "resume", ME) == await names(watching, "resume", his) == []
    assert (await watching.history(ME)).entries == (await watching.history(his)).entries == []
    shown = await Catalog(watching._transactions).item(hers, show.ids["series"])
    assert (shown.user.favorite, shown.user.unwatched_count) == (True, 7)


async def test_an_account_that_cannot_be_made_takes_nothing(watching: Watching, show: Show, accounts: Accounts) -> None:
    await watching.tell(ME, show.ids["1x2"], Told(HOUR // 2))
    with pytest.raises(InvalidInput):
        await accounts.make("Ada", Role.MEMBER)
    assert await names(watching, "resume", ME) == ["1x2"]
