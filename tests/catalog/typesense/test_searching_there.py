"""Searches answered by Typesense: the same findings, the same permissions, and PostgreSQL where it is away."""

from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.index.jobs import RebuildIndexArgs
from app.catalog.postgres_search import PostgresSearch
from app.catalog.searching import Search, SearchQuery
from app.catalog.typesense.search import REST, TypesenseSearch
from app.catalog.typesense.server import TypesenseServer
from app.db.tx import Transactions
from app.jobs.testing import StubClock
from app.metadata.outbound import Outbound
from tests.fixtures.outside import Outside, Reply
from tests.fixtures.shelf import Shelf
from tests.fixtures.typesense import Typesense
from tests.fixtures.typesense_bench import TypesenseBench


class House:
    def __init__(self, shelf: Shelf, bench: TypesenseBench, transactions: Transactions, clock: StubClock) -> None:
        self.shelf = shelf
        self.bench = bench
        self.clock = clock
        self.engine = TypesenseSearch(bench.server, "revenge", PostgresSearch(transactions), clock)
        self.search = Search(transactions, self.engine)
        self.films: UUID
        self.music: UUID

    async def fill(self) -> None:
        self.films = await self.shelf.library(name="Films")
        self.music = await self.shelf.library(name="Music", kind="music")
        for title, year in (("Amélie", 2001), ("The Matrix", 1999), ("The Matrix Reloaded", 2003), ("Rocky II", 1979)):
            await self.shelf.item(self.films, title, year=year)
        await self.shelf.item(self.films, "Spirited Away", original_title="千と千尋の神隠し")
        await self.shelf.item(self.music, "Songs of the Matrix", kind="artist")
        await self.bench.insert(RebuildIndexArgs())
        await self.bench.work_all()

    async def find(self, q: str, viewer: Viewer = LOCAL_ADMINISTRATOR, **asked: object) -> list[str]:
        page = await self.search.search(viewer, SearchQuery(q=q, **asked))  # type: ignore[arg-type]
        return [item.title for item in page.items]


@pytest.fixture
async def house(shelf: Shelf, bench: TypesenseBench, transactions: Transactions, clock: StubClock) -> House:
    house = House(shelf, bench, transactions, clock)
    await house.fill()
    return house


async def test_what_people_type_finds_what_they_mean(house: House, typesense: Typesense) -> None:
    first = {
        "amelie": "Amélie", "AMÉLIE": "Amélie", "amlie": "Amélie", "ame": "Amélie", "matrix": "The Matrix",
        "the matrix": "The Matrix", "matrix 99": "The Matrix", "matrix relo": "The Matrix Reloaded",
        "martix": "The Matrix", "rocky 2": "Rocky II", "千尋": "Spirited Away", "神": "Spirited Away",
    }  # fmt: skip
    found = {q: (await house.find(q))[:1] for q in first}
    assert found == {q: [title] for q, title in first.items()}
    assert len(typesense.searches) == len(first), "all of it was answered there"
    assert await house.find("matrix quux") == []
    assert await house.find("!?") == []


async def test_permissions_are_part_of_the_question(house: House, typesense: Typesense) -> None:
    one = Viewer(name="x", libraries=frozenset([house.music]))
    assert await house.find("matrix", one) == ["Songs of the Matrix"]
    assert f"library_id:=[{house.music.hex}]" in typesense.searches[-1]["filter_by"]
    asked = len(typesense.searches)
    assert await house.find("matrix", Viewer(name="x", libraries=frozenset())) == []
    assert len(typesense.searches) == asked, "who may see nothing asks nobody"
    assert await house.find("matrix", library_id=house.films, kind="movie", limit=1) == ["The Matrix"]


async def test_ages_are_part_of_the_question(house: House, transactions: Transactions) -> None:
    async with transactions.begin() as tx:
        await tx.connection.execute("UPDATE item SET min_age = 16 WHERE title = 'The Matrix'")
        await tx.connection.execute("UPDATE item SET min_age = 6 WHERE title = 'The Matrix Reloaded'")
        found = await (await tx.connection.execute("SELECT id FROM item")).fetchall()
        await house.bench.requests.items_changed(tx, [row[0] for row in found])  # type: ignore[misc]
    await house.bench.work_all()
    child = Viewer(name="x", libraries=None, max_age=12, allow_unrated=False)
    assert await house.find("matrix", child) == ["The Matrix Reloaded"]
    assert await house.find("matrix", Viewer(name="x", libraries=None, max_age=12)) == [
        "The Matrix Reloaded", "Songs of the Matrix",
    ]  # fmt: skip


async def test_what_it_should_not_have_said_is_not_shown(house: House, typesense: Typesense) -> None:
    """An index may be behind; the catalogue is not."""
    for document in typesense.documents("revenge").values():
        document["library_id"] = house.music.hex
    assert await house.find("matrix", Viewer(name="x", libraries=frozenset([house.music]))) == ["Songs of the Matrix"]


@pytest.mark.parametrize(
    "fault",
    [
        Reply(503, b'{"message":"Not Ready or Lagging"}'),
        Reply(500, b"oh"),
        Reply(200, b"no json"),
        Reply(200, b"[]"),
        Reply(200, b'{"results":[{"code":404,"error":"Not found."}]}'),
        Reply(200, b'{"results":[{"hits":[{"document":{"id":"../../etc"}}]}]}'),
        Reply(401, b'{"message":"Forbidden"}'),
        Reply(302, b"", {"Location": "http://169.254.1.1/"}),
        Reply(200, b"x" * 100, cut=10),
    ],
    ids=["away", "broken", "garbage", "odd", "no collection", "odd ids", "key", "redirect", "cut"],
)
async def test_where_it_fails_postgresql_searches_and_the_log_says_so(
    house: House, outside: Outside, fault: Reply
) -> None:
    outside.answers["/multi_search"] = fault
    with capture_logs() as said:
        assert await house.find("matrix rel") == ["The Matrix Reloaded"]
    assert [one["event"] for one in said] == ["Typesense does not answer; PostgreSQL searches instead"]
    assert said[0]["reason"]

    asked = len(outside.asked)
    assert await house.find("amlie") == ["Amélie"]
    assert len(outside.asked) == asked, "it is left in peace for a while"
    del outside.answers["/multi_search"]
    house.clock.advance(REST + timedelta(seconds=1))
    with capture_logs() as said:
        assert await house.find("amlie") == ["Amélie"]
    assert [one["event"] for one in said] == ["Typesense answers again"]


async def test_a_server_that_is_not_there_is_away_too(
    house: House, transactions: Transactions, clock: StubClock, outside: Outside
) -> None:
    outbound = Outbound(["http://127.0.0.1:9"])
    nobody = TypesenseServer(outbound, "http://127.0.0.1:9", "key", timedelta(seconds=1))
    search = Search(transactions, TypesenseSearch(nobody, "revenge", PostgresSearch(transactions), clock))
    page = await search.search(LOCAL_ADMINISTRATOR, SearchQuery(q="amelie"))
    assert [item.title for item in page.items] == ["Amélie"]
    await outbound.close()
