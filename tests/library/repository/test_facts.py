"""Who says what an item is called: the order of sources, locks, and a word that is taken back."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.db.tx import Transactions
from app.library.kinds import FactSource
from app.library.models import Item, ItemFacts
from app.library.repository.facts import Facts, apply_facts, apply_many, put_base
from tests.fixtures.shelf import Shelf


class Speakers:
    """One item, and what it is called after each word."""

    def __init__(self, transactions: Transactions, item_id: UUID) -> None:
        self.transactions, self.item_id = transactions, item_id

    async def say(self, source: FactSource, facts: Facts | None) -> bool:
        async with self.transactions.begin() as tx:
            return await apply_facts(tx, self.item_id, source, facts)

    async def read(self, source: FactSource, facts: Facts) -> bool:
        async with self.transactions.begin() as tx:
            return bool(await put_base(tx, {self.item_id: (source, facts)}))

    async def item(self) -> Any:
        async with self.transactions.begin() as tx:
            return await tx.session.get_one(Item, self.item_id)

    async def kept(self) -> set[str]:
        async with self.transactions.begin() as tx:
            cursor = await tx.connection.execute("SELECT source FROM item_facts")
            return {str(row[0]) for row in await cursor.fetchall()}


@pytest.fixture
async def item(shelf: Shelf, transactions: Transactions) -> Speakers:
    library = await shelf.library()
    return Speakers(transactions, await shelf.item(library, "The Thing (from a name)", year=1980))


async def test_an_nfo_outranks_a_source_and_a_person_both(item: Speakers) -> None:
    assert await item.say(FactSource.NFO, Facts(title="Nfo", released_on=date(1982, 6, 25)))
    assert await item.say(FactSource.METADATA, Facts(title="Metadata", original_title="Original", year=1982))

    shown = await item.item()
    assert (shown.title, shown.title_source) == ("Nfo", "nfo")
    assert (shown.year, shown.released_on, shown.original_title) == (1982, date(1982, 6, 25), "Original")

    assert await item.say(FactSource.USER, Facts(title="Mine"))
    assert (await item.item()).title == "Mine"
    assert not await item.say(FactSource.NFO, Facts(title="Nfo again", released_on=date(1982, 6, 25)))
    assert (await item.item()).title == "Mine"


async def test_a_source_that_falls_silent_gives_way_to_the_next(item: Speakers) -> None:
    await item.say(FactSource.METADATA, Facts(title="Metadata", year=1982))
    await item.say(FactSource.NFO, Facts(title="Nfo"))

    await item.say(FactSource.NFO, None)
    assert (await item.item()).title == "Metadata"
    await item.say(FactSource.METADATA, Facts())

    shown = await item.item()
    assert (shown.title, shown.year, shown.title_source) == ("The Thing (from a name)", 1980, "name")
    assert await item.kept() == set()


async def test_what_names_say_meanwhile_is_not_lost(item: Speakers) -> None:
    await item.say(FactSource.NFO, Facts(title="Nfo"))

    assert not await item.read(FactSource.NAME, Facts(title="Renamed", sort_title="renamed", year=1980))
    assert (await item.item()).title == "Nfo"
    await item.say(FactSource.NFO, None)

    assert (await item.item()).title == "Renamed"


async def test_tags_outrank_metadata_and_names_do_not(item: Speakers) -> None:
    await item.say(FactSource.METADATA, Facts(title="Metadata"))
    assert (await item.item()).title == "Metadata"

    await item.read(FactSource.TAGS, Facts(title="Tags"))
    assert ((await item.item()).title, await item.kept()) == ("Tags", {"tags", "metadata"})

    await item.read(FactSource.NAME, Facts(title="Name"))
    assert ((await item.item()).title, await item.kept()) == ("Metadata", {"name", "metadata"})


async def test_a_title_brings_its_own_order(item: Speakers) -> None:
    await item.say(FactSource.METADATA, Facts(title="The Metadata", sort_title="zzz"))
    assert (await item.item()).sort_title == "zzz"

    await item.say(FactSource.NFO, Facts(title="The Nfo"))

    assert (await item.item()).sort_title == "nfo"
    await item.say(FactSource.USER, Facts(sort_title="aaa"))
    shown = await item.item()
    assert (shown.title, shown.sort_title) == ("The Nfo", "aaa")


async def test_nobody_touches_what_is_locked(shelf: Shelf, transactions: Transactions) -> None:
    library = await shelf.library()
    item = Speakers(transactions, await shelf.item(library, "Mine", year=1, locked=["title", "year"]))

    for source in (FactSource.USER, FactSource.NFO):
        await item.say(source, Facts(title="Theirs", year=2, original_title="Original"))

    shown = await item.item()
    assert (shown.title, shown.sort_title, shown.year, shown.original_title) == ("Mine", "mine", 1, "Original")


async def test_the_same_word_twice_writes_nothing(item: Speakers) -> None:
    await item.say(FactSource.NFO, Facts(title="Nfo"))
    query = b"SELECT xmin::text, xmax::text FROM item UNION ALL SELECT xmin::text, xmax::text FROM item_facts"
    async with item.transactions.begin() as tx:
        before = await (await tx.connection.execute(query)).fetchall()

    assert not await item.say(FactSource.NFO, Facts(title="Nfo"))
    assert not await item.read(
        FactSource.NAME, Facts(title="The Thing (from a name)", sort_title="the thing (from a name)", year=1980)
    )

    async with item.transactions.begin() as tx:
        assert await (await tx.connection.execute(query)).fetchall() == before


async def test_many_are_told_at_once_and_unknown_ones_passed_by(shelf: Shelf, transactions: Transactions) -> None:
    library = await shelf.library()
    items = [await shelf.item(library, f"Film {number}") for number in range(3)]
    async with transactions.begin() as tx:
        said: dict[UUID, Facts | None] = {item_id: Facts(title=f"Nfo {n}") for n, item_id in enumerate(items)}

        assert await apply_many(tx, FactSource.NFO, {**said, library: Facts(title="no item")}) == items

        facts = await tx.session.get_one(ItemFacts, (items[1], "nfo"))
        assert facts.facts == {"title": "Nfo 1"}
