"""Listings by what their viewer has seen: theirs alone, by their own rows where those are few, and in pages."""

from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.accounts.roles import Role
from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.browse import Catalog, ItemQuery
from app.catalog.filters import Filters
from app.catalog.paging import FEW, ItemFilter, frequency_of_seen, page_of_items
from app.catalog.planning import BY_INDEX
from app.catalog.seen_filter import SeenFilter
from app.catalog.sorting import SORTS
from app.catalog.watching import Watching
from app.config import Settings
from app.db.tx import Transactions
from app.jobs.testing import StubClock
from app.playback.watching.states import Told, WatchStates
from tests.catalog.plans import indexes, plan_of, rows_of
from tests.fixtures.accounts import Accounts
from tests.fixtures.finding import IndexBench
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Web

HOUR = 3_600_000
ME = LOCAL_ADMINISTRATOR


class Seen:
    """Four films and two series, some of it watched by the local administrator, the last-named last."""

    def __init__(self, shelf: Shelf, transactions: Transactions, clock: StubClock) -> None:
        self.shelf = shelf
        self.clock = clock
        self.catalog = Catalog(transactions)
        self.watching = Watching(transactions, WatchStates(Settings(), clock))
        self.ids: dict[str, UUID] = {}

    async def fill(self) -> None:
        films, shows = await self.shelf.library(name="Films"), await self.shelf.library(name="Shows", kind="tvshows")
        for title in ("Alien", "Brazil", "Casino", "Dune"):
            self.ids[title] = await self.shelf.item(films, title)
        for name in ("Fargo", "Girls"):
            series = self.ids[name] = await self.shelf.item(shows, name, kind="series")
            season = await self.shelf.item(shows, f"{name} 1", kind="season", parent_id=series, number=1)
            for number in (1, 2):
                self.ids[f"{name} {number}"] = await self.shelf.item(
                    shows, f"{name} {number}", kind="episode", parent_id=season, number=number
                )
        played = dict.fromkeys(("Fargo 1", "Alien", "Girls 1", "Girls 2"), HOUR - 1) | {"Dune": HOUR // 2}
        for title, position in played.items():
            self.clock.advance(timedelta(minutes=1))
            await self.watching.tell(ME, self.ids[title], Told(position, HOUR))
        for title in ("Brazil", "Girls"):
            await self.watching.favor(ME, self.ids[title], favorite=True)

    async def titles(self, viewer: Viewer = ME, sort: str = "title", *, limit: int = 50, **asked: object) -> list[str]:
        kind = asked.pop("kind", None)
        found: list[str] = []
        cursor = None
        while True:
            query = ItemQuery(kind=kind, sort=sort, limit=limit, cursor=cursor, filters=Filters(**asked))  # type: ignore[arg-type]
            page = await self.catalog.items(viewer, query)
            found += [item.title for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found


@pytest.fixture
async def seen(shelf: Shelf, transactions: Transactions, clock: StubClock, index: IndexBench) -> Seen:
    seen = Seen(shelf, transactions, clock)
    await seen.fill()
    await index.rebuild()
    return seen


async def test_what_was_played_last_comes_first_series_by_their_episodes(seen: Seen) -> None:
    assert await seen.titles(kind="movie", sort="-last_played") == ["Dune", "Alien"]
    assert await seen.titles(kind="series", sort="-last_played") == ["Girls", "Fargo"]
    assert await seen.titles(kind="episode", sort="last_played", limit=1) == ["Fargo 1", "Girls 1", "Girls 2"]
    whole = await seen.titles(sort="-last_played")
    assert await seen.titles(sort="-last_played", limit=2) == whole
    assert whole == (await seen.titles(sort="last_played", limit=3))[::-1]
    assert await seen.titles(sort="-last_played", missing=False, kind="movie") == ["Dune", "Alien"]


async def test_each_filter_narrows_to_what_is_so_or_is_not(seen: Seen) -> None:
    asked = [
        ("movie", {"watched": True}, ["Alien"]),
        ("movie", {"watched": False}, ["Brazil", "Casino", "Dune"]),
        ("movie", {"favorite": True}, ["Brazil"]),
        ("movie", {"favorite": False}, ["Alien", "Casino", "Dune"]),
        ("movie", {"in_progress": True}, ["Dune"]),
        ("movie", {"in_progress": False}, ["Alien", "Brazil", "Casino"]),
        ("movie", {"watched": True, "favorite": True}, []),
        ("series", {"watched": True}, ["Girls"]),
        ("series", {"watched": False}, ["Fargo"]),
        ("series", {"in_progress": True}, ["Fargo"]),
        ("series", {"in_progress": False}, ["Girls"]),
        ("series", {"favorite": True}, ["Girls"]),
        ("season", {"watched": True}, ["Girls 1"]),
        ("episode", {"watched": True}, ["Fargo 1", "Girls 1", "Girls 2"]),
        ("episode", {"watched": False}, ["Fargo 2"]),
    ]
    for kind, filters, found in asked:
        for sort in ("title", "-rating", "random"):
            assert sorted(await seen.titles(kind=kind, sort=sort, limit=2, **filters)) == found, (kind, filters, sort)


async def test_what_is_much_is_found_on_the_way_and_is_the_same(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    filters = [{"watched": True}, {"in_progress": True}, {"favorite": True}, {"watched": True, "missing": False}]
    few = [await seen.titles(sort=sort, **one) for one, sort in product(filters, ("title", "-rating", "random"))]
    monkeypatch.setattr("app.catalog.browse.FEW", -1)
    much = [await seen.titles(sort=sort, **one) for one, sort in product(filters, ("title", "-rating", "random"))]
    assert few == much


async def test_it_is_each_viewers_own(seen: Seen, accounts: Accounts) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)  # takes over what was seen
    kim = await accounts.make("Kim")
    him = Viewer(name="Kim", libraries=None, account_id=kim.id)
    assert await seen.titles(him, sort="-last_played") == []
    assert await seen.titles(him, watched=True) == await seen.titles(him, favorite=True) == []
    assert len(await seen.titles(him, kind="movie", watched=False)) == 4
    stranger = Viewer(name="x", libraries=frozenset())
    assert await seen.titles(stranger, sort="-last_played") == await seen.titles(stranger, watched=True) == []


async def test_facets_count_what_is_listed_and_have_none_of_a_viewers_own(seen: Seen) -> None:
    everything = await seen.catalog.facets(ME, ItemQuery(kind="movie"))
    assert everything.total == 4
    for filters, total in (({"watched": True}, 1), ({"watched": False}, 3), ({"in_progress": True}, 1)):
        assert (await seen.catalog.facets(ME, ItemQuery(kind="movie", filters=Filters(**filters)))).total == total


async def test_the_routes_take_them(web: Web, seen: Seen) -> None:
    answer = await web.http.get("/api/v1/items", params={"kind": "movie", "watched": "true", "sort": "-last_played"})
    assert [item["title"] for item in answer.json()["items"]] == ["Alien"]
    assert (await web.http.get("/api/v1/items/facets?in_progress=true&kind=series")).json()["total"] == 1
    assert (await web.http.get("/api/v1/items?favorite=perhaps")).status_code == 400


MANY = """
    INSERT INTO item (id, library_id, kind, title, sort_title)
    SELECT
        (lpad(to_hex(1700000000000 + n), 12, '0') || '7000800000000000' || lpad(to_hex(n), 4, '0'))::uuid,
        (%(libraries)s::uuid[])[1 + n %% 3], 'movie', 'Film', lpad(n::text, 8, '0')
    FROM generate_series(1, %(items)s) AS n
"""
STATES = """
    INSERT INTO watch_state (item_id, watched, favorite, position_ms, last_played_at)
    SELECT id, hashtext(id::text) % 2 = 0, hashtext(id::text) % 200 = 0,
        CASE WHEN hashtext(id::text) % 200 = 1 THEN 1 ELSE 0 END, now() - hashtext(id::text) * interval '1 second'
    FROM item
"""
OTHERS = """
    INSERT INTO account (id, name, role, password_hash) SELECT gen_random_uuid(), 'Other ' || n, 'member', ''
    FROM generate_series(1, 5) AS n
"""
THEIRS = """
    INSERT INTO watch_state (account_id, item_id, watched, favorite, last_played_at)
    SELECT account.id, item.id, true, true, now() FROM account CROSS JOIN item
"""


async def test_pages_read_a_page_of_much_and_all_of_what_is_little(
    shelf: Shelf, transactions: Transactions, connection: psycopg.AsyncConnection[Any]
) -> None:
    libraries = [await shelf.library(name=name) for name in "ABC"]
    async with transactions.begin() as tx:
        await tx.connection.execute(MANY, {"libraries": libraries, "items": 2 * FEW + 500})
        for statement in (STATES, OTHERS, THEIRS):
            await tx.connection.execute(statement)
    await connection.execute("VACUUM ANALYZE item, watch_state")
    for sort, (seen, is_frequent, most) in product(
        (SORTS["title"], SORTS["-added"]),
        (
            (SeenFilter(favorite=True), False, 400),
            (SeenFilter(watched=True), True, 900),
            (SeenFilter(watched=False), True, 900),
            (SeenFilter(favorite=False), True, 500),
        ),
    ):
        asked = ItemFilter(seen=seen, seen_is_frequent=is_frequent, limit=50)
        plan = await plan_of(transactions, page_of_items(ME, asked, sort), BY_INDEX)
        assert rows_of(plan, "item") <= most, (sort, seen)
        assert rows_of(plan, "watch_state") <= most, (sort, seen)
    for name in ("last_played", "-last_played"):
        plan = await plan_of(transactions, page_of_items(ME, ItemFilter(limit=50), SORTS[name]), BY_INDEX)
        assert "ix_watch_state_played" in indexes(plan)
        assert rows_of(plan, "watch_state") <= 60
        assert rows_of(plan, "item") <= 60
    counted = await plan_of(
        transactions, frequency_of_seen(ME, ItemFilter(seen=SeenFilter(watched=True), limit=1)), BY_INDEX
    )
    assert rows_of(counted, "watch_state") <= FEW + 10
