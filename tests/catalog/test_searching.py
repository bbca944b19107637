"""Finding things as a person types: in their spelling, by what they know of it, and only what they may see."""

from uuid import UUID

import pytest
from httpx import Response

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.postgres_search import PostgresSearch
from app.catalog.searching import Search, SearchQuery
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.ids import uuid7
from app.library.descriptions import Credited, Description, Rated, Texts
from app.library.kinds import FactSource
from app.library.models import Item, ItemArtist
from app.library.repository import descriptions
from tests.fixtures.finding import IndexBench
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Web


@pytest.fixture
def search(transactions: Transactions) -> Search:
    return Search(transactions, PostgresSearch(transactions))


class House:
    """Films, a show, music."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.films = self.shows = self.music = uuid7()

    async def fill(self) -> None:
        self.films = await self.shelf.library(name="Films")
        self.shows = await self.shelf.library(name="Shows", kind="tvshows")
        self.music = await self.shelf.library(name="Music", kind="music")
        amelie = await self.film("Amélie", 2001, original_title="Le Fabuleux Destin d’Amélie Poulain")
        matrix = await self.film("The Matrix", 1999, sort_title="matrix")
        await self.film("The Matrix Reloaded", 2003, sort_title="matrix reloaded")
        await self.film("Escape from the Matrix", 2010)
        await self.film("Spirited Away", 2001, original_title="千と千尋の神隠し")
        await self.film("Ирония судьбы, или С лёгким паром!", 1976)
        await self.film("Rocky II", 1979)
        await self.film("Spider-Man", 2002)
        await self.film("Love Actually", 2003)
        seven = await self.film("Seven", 1995)
        await self.say(
            {
                matrix: Description(
                    credits=(
                        Credited(name="Keanu Reeves", role="actor"),
                        Credited(name="Lana Wachowski", role="director"),
                    ),
                    ratings=(Rated(name="imdb", value=8.7, votes=2_000_000),),
                ),
                amelie: Description(texts=(Texts(language="de", title="Die fabelhafte Welt der Amelie"),)),
                seven: Description(texts=(Texts(language="sv", title="Sju"), Texts(language="ja", title="セブン"))),
            }
        )
        series = await self.shelf.item(self.shows, "Breaking Bad", kind="series", year=2008)
        season = await self.shelf.item(self.shows, "Season 5", kind="season", parent_id=series, number=5)
        await self.shelf.item(self.shows, "Ozymandias", kind="episode", parent_id=season, number=14)
        artist = await self.shelf.item(self.music, "The Beatles", kind="artist", sort_title="beatles")
        album = await self.shelf.item(self.music, "Abbey Road", kind="album", parent_id=artist, year=1969)
        song = await self.shelf.item(self.music, "Something", kind="track", parent_id=album, number=2)
        async with self.shelf.transactions.begin() as tx:
            tx.session.add_all(
                ItemArtist(item_id=one, position=0, artist_id=artist, name="The Beatles") for one in (album, song)
            )

    async def film(self, title: str, year: int, **columns: str) -> UUID:
        return await self.shelf.item(self.films, title, year=year, **columns)

    async def say(self, said: dict[UUID, Description]) -> None:
        async with self.shelf.transactions.begin() as tx:
            await descriptions.describe(tx, FactSource.METADATA, said)


@pytest.fixture
async def house(shelf: Shelf, index: IndexBench) -> House:
    house = House(shelf)
    await house.fill()
    await index.rebuild()
    return house


async def titles(search: Search, q: str, viewer: Viewer = LOCAL_ADMINISTRATOR, **asked: object) -> list[str]:
    page = await search.search(viewer, SearchQuery(q=q, **asked))  # type: ignore[arg-type]
    return [item.title for item in page.items]


async def test_what_people_type_finds_what_they_mean(search: Search, house: House) -> None:
    first = {
        "amelie": "Amélie",
        "amlie": "Amélie",
        "Amélie": "Amélie",
        "AMELIE": "Amélie",
        "ameli": "Amélie",
        "fabuleux destin": "Amélie",
        "fabelhafte welt": "Amélie",
        "matrix": "The Matrix",
        "the matrix": "The Matrix",
        "matrix 99": "The Matrix",
        "matrix 1999": "The Matrix",
        "matrx": "The Matrix",
        "martix": "The Matrix",
        "matrix relo": "The Matrix Reloaded",
        "keanu": "The Matrix",
        "keanu reevs": "The Matrix",
        "wachowski matrix": "The Matrix",
        "beatles abbey": "Abbey Road",
        "abbey road beatles": "Abbey Road",
        "beatles something": "Something",
        "beetles": "The Beatles",
        "ирония": "Ирония судьбы, или С лёгким паром!",
        "ИРОНИЯ СУДЬБЫ": "Ирония судьбы, или С лёгким паром!",
        "легким паром": "Ирония судьбы, или С лёгким паром!",
        "иронея": "Ирония судьбы, или С лёгким паром!",
        "千": "Spirited Away",
        "千尋": "Spirited Away",
        "神隠し": "Spirited Away",
        "千と千尋": "Spirited Away",
        "セブン": "Seven",
        "せぶ": "Seven",
        "sju": "Seven",
        "rocky 2": "Rocky II",
        "spiderman": "Spider-Man",
        "spider man": "Spider-Man",
        "breaking bad s05e14": "Ozymandias",
        "breaking bad ozy": "Ozymandias",
        "love actualy": "Love Actually",
    }
    found = {q: (await titles(search, q))[:1] for q in first}
    assert found == {q: [title] for q, title in first.items()}


async def test_whole_titles_come_before_beginnings_before_words(search: Search, house: House) -> None:
    assert await titles(search, "matrix") == ["The Matrix", "The Matrix Reloaded", "Escape from the Matrix"]


async def test_what_more_people_know_comes_first(search: Search, house: House, index: IndexBench) -> None:
    unknown, known = await house.film("Solaris", 1972), await house.film("Solaris", 2002)
    await house.say({unknown: Description(ratings=(Rated(name="imdb", value=7.9, votes=90_000),))})
    await index.rebuild()
    page = await search.search(LOCAL_ADMINISTRATOR, SearchQuery(q="solaris"))
    assert [item.id for item in page.items] == [unknown, known]


async def test_what_is_not_there_finds_nothing(search: Search, house: House) -> None:
    for q in ("", "   ", "!?", "_", "'", "\\", "':*", "xylophonic nonsense", "'); DROP TABLE item; --"):
        assert await titles(search, q) == [], q


async def test_kinds_libraries_and_limits_restrict(search: Search, house: House) -> None:
    assert await titles(search, "beatles", kind="album") == ["Abbey Road"]
    assert await titles(search, "matrix", library_id=house.music) == []
    assert await titles(search, "matrix", limit=1) == ["The Matrix"]


async def test_nobody_finds_what_they_may_not_see(search: Search, house: House) -> None:
    for q in ("matrix", "martix", "keanu", "mat"):
        assert await titles(search, q, Viewer(name="x", libraries=frozenset([house.music]))) == []
        assert await titles(search, q, Viewer(name="x", libraries=frozenset())) == []
    assert await titles(search, "beat", Viewer(name="x", libraries=frozenset([house.music])))


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 101}, {"kind": "song"}, {"q": "x" * 201}])
async def test_what_makes_no_sense_names_its_field(search: Search, asked: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        await search.search(LOCAL_ADMINISTRATOR, SearchQuery(**({"q": "x"} | asked)))  # type: ignore[arg-type]
    assert refused.value.field == next(iter(asked))


async def test_the_route_answers_items(web: Web, house: House) -> None:
    answer: Response = await web.http.get("/api/v1/search", params={"q": "amlie", "limit": 3})
    assert answer.status_code == 200
    assert [item["title"] for item in answer.json()["items"]] == ["Amélie"]
    assert (await web.http.get("/api/v1/search", params={"q": "x", "limit": 0})).status_code == 400
    assert (await web.http.get("/api/v1/search", params={"query": "x"})).status_code == 400


async def test_a_renamed_artist_is_found_by_all_that_is_theirs(
    search: Search, house: House, index: IndexBench, transactions: Transactions
) -> None:
    page = await search.search(LOCAL_ADMINISTRATOR, SearchQuery(q="beatles", kind="artist"))
    async with transactions.begin() as tx:
        artist = await tx.session.get_one(Item, page.items[0].id)
        artist.title, artist.sort_title = "Die Käfer", "kafer"
        await tx.connection.execute("UPDATE item_artist SET name = 'Die Käfer'")
        await tx.session.flush()
        await index.requests.items_changed(tx, [artist.id])
    await index.catch_up()
    assert await titles(search, "kafer something") == ["Something"]
    assert await titles(search, "beatles") == []


async def test_nobody_finds_what_is_not_for_their_age(search: Search, house: House, transactions: Transactions) -> None:
    async with transactions.begin() as tx:
        await tx.connection.execute("UPDATE item SET min_age = CASE title WHEN 'The Matrix' THEN 16 ELSE 6 END")
    child = Viewer(name="x", libraries=None, max_age=12, allow_unrated=False)
    assert await titles(search, "matrix", child) == ["The Matrix Reloaded", "Escape from the Matrix"]
    assert await titles(search, "keanu", child) == []
    assert await titles(search, "keanu", Viewer(name="x", libraries=None, max_age=16)) == ["The Matrix"]
