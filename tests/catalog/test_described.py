"""What is said of items: whose word is shown, field by field."""

from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR
from app.catalog.browse import Catalog, ItemQuery
from app.catalog.described import MOST_OF_A_ROLE
from app.catalog.views import Item
from app.db.tx import Transactions
from app.library.descriptions import Collected, Credited, Description, Details, Rated, Texts
from app.library.kinds import FactSource
from app.library.repository.descriptions import describe
from tests.fixtures.shelf import Shelf


class Teller:
    def __init__(self, transactions: Transactions, item_id: UUID) -> None:
        self._transactions = transactions
        self.item_id = item_id

    async def says(self, source: FactSource, description: Description | None) -> None:
        async with self._transactions.begin() as tx:
            await describe(tx, source, {self.item_id: description})

    async def item(self) -> Item:
        catalog = Catalog(self._transactions)
        item = await catalog.item(LOCAL_ADMINISTRATOR, self.item_id)
        page = await catalog.items(LOCAL_ADMINISTRATOR, ItemQuery())
        assert page.items == [item]  # a list says the same
        return item


@pytest.fixture
async def teller(shelf: Shelf, transactions: Transactions) -> Teller:
    return Teller(transactions, await shelf.item(await shelf.library(), "Film"))


NFO = Description(
    texts=(Texts(plot="By hand.", tagline="Mine."),),
    details=Details(runtime_minutes=117),
    labels=(("genre", "Drama"), ("genre", "Sea"), ("tag", "rock"), ("country", "France")),
    credits=(Credited(name="First", role="actor", character="Keeper"), Credited(name="Bo", role="director")),
    collection=Collected(name="Lanterns"),
    ratings=(Rated(name="imdb", value=7.3, votes=10), Rated(name="metacritic", value=68, scale=100, is_default=True)),
    certifications=(("US", "PG-13"),),
    external_ids=(("imdb", "tt0111222"),),
)


async def test_an_item_of_which_nobody_has_spoken(teller: Teller) -> None:
    item = await teller.item()

    assert (item.plot, item.genres, item.people, item.ratings, item.certifications, item.images) == (
        None, [], [], [], {}, [],
    )  # fmt: skip


async def test_all_that_is_said_is_shown(teller: Teller) -> None:
    await teller.says(FactSource.NFO, NFO)

    item = await teller.item()

    assert (item.plot, item.tagline, item.runtime_minutes) == ("By hand.", "Mine.", 117)
    assert (item.genres, item.tags, item.countries, item.studios) == (["Drama", "Sea"], ["rock"], ["France"], [])
    assert [(one.name, one.role, one.character) for one in item.people] == [
        ("First", "actor", "Keeper"),
        ("Bo", "director", None),
    ]
    assert [collection.name for collection in item.collections] == ["Lanterns"]
    assert [(one.name, one.value, one.scale, one.votes) for one in item.ratings] == [
        ("metacritic", 68, 100, None),
        ("imdb", 7.3, 10, 10),
    ]
    assert item.certifications == {"US": "PG-13"}
    assert item.external_ids == {"imdb": "tt0111222"}


async def test_an_nfo_counts_more_than_what_comes_from_elsewhere_and_leaves_it_what_it_does_not_say(
    teller: Teller,
) -> None:
    elsewhere = Description(
        texts=(Texts(language="en", plot="From elsewhere.", outline="Short."),),
        details=Details(runtime_minutes=90, status="Released"),
        labels=(("genre", "Thriller"), ("studio", "Rock Pictures")),
        credits=(Credited(name="Second", role="actor"),),
        ratings=(Rated(name="imdb", value=1.0), Rated(name="tmdb", value=6.0)),
        certifications=(("US", "R"), ("DE", "12")),
        external_ids=(("imdb", "tt9999999"), ("tmdb", "7")),
    )
    await teller.says(FactSource.METADATA, elsewhere)
    await teller.says(FactSource.NFO, NFO)

    both = await teller.item()
    await teller.says(FactSource.NFO, None)
    alone = await teller.item()

    assert (both.plot, both.outline, both.runtime_minutes, both.status) == ("By hand.", "Short.", 117, "Released")
    assert (both.genres, both.studios) == (["Drama", "Sea"], ["Rock Pictures"])
    assert [one.name for one in both.people] == ["First", "Bo"]
    assert {one.name: one.value for one in both.ratings} == {"imdb": 7.3, "metacritic": 68, "tmdb": 6.0}
    assert both.certifications == {"US": "PG-13", "DE": "12"}
    assert both.external_ids == {"imdb": "tt0111222", "tmdb": "7"}
    assert (alone.plot, alone.genres, [one.name for one in alone.people]) == (
        "From elsewhere.",
        ["Thriller"],
        ["Second"],
    )
    assert alone.certifications == {"US": "R", "DE": "12"}


async def test_a_person_counts_most_and_saying_it_again_replaces_it(teller: Teller) -> None:
    await teller.says(FactSource.NFO, NFO)
    await teller.says(FactSource.USER, Description(texts=(Texts(plot="Once."),), labels=(("genre", "Home"),)))
    await teller.says(FactSource.USER, Description(texts=(Texts(plot="As I say."),)))

    item = await teller.item()

    assert (item.plot, item.tagline, item.genres) == ("As I say.", "Mine.", ["Drama", "Sea"])


async def test_words_that_differ_only_in_case_are_one(teller: Teller, shelf: Shelf) -> None:
    await teller.says(FactSource.NFO, Description(labels=(("genre", "Sci-Fi"), ("genre", "sci-fi"), ("tag", "sci-fi"))))

    item = await teller.item()

    assert (item.genres, item.tags) == (["Sci-Fi"], ["sci-fi"])


async def test_of_each_role_only_the_first_come_along(teller: Teller) -> None:
    actors = tuple(Credited(name=f"Actor {number}", role="actor") for number in range(MOST_OF_A_ROLE + 5))
    await teller.says(FactSource.NFO, Description(credits=(*actors, Credited(name="Bo", role="director"))))

    people = (await teller.item()).people

    assert [one.name for one in people] == [*(f"Actor {number}" for number in range(MOST_OF_A_ROLE)), "Bo"]
