"""From boards' words to ages, and from certifications to the ages that items are held to."""

import asyncio
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import MetadataSettings, Settings
from app.db.tx import Transactions
from app.jobs.client import Client
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.job import Job
from app.library.ages import NAMES, OLDEST, WORDS, minimum_age
from app.library.descriptions import Description
from app.library.jobs import RefreshAgesArgs
from app.library.kinds import FactSource, ItemKind
from app.library.rating import RefreshAgesWorker
from app.library.repository import items
from app.library.repository.descriptions import describe
from app.library.repository.facts import Facts
from app.library.repository.items import NewItem, Place
from tests.fixtures.node import ROOT
from tests.fixtures.shelf import Shelf
from tests.fixtures.waiting import eventually

SAID = [
    ("US", "G", 0),
    ("US", "PG", 10),
    ("US", "PG-13", 13),
    ("", "Rated PG-13", 13),
    ("", "R for strong language", 17),
    ("US", "NC-17", 18),
    ("", "TV-Y7-FV", 7),
    ("DE", "TV-MA", 17),
    ("DE", "FSK 12", 12),
    ("DE", "FSK-16", 16),
    ("DE", "ab 6", 6),
    ("Germany", "Freigegeben ab 12 Jahren", 12),
    ("DE", "FSK o.Al.", 0),
    ("DE", "Keine Jugendfreigabe", 18),
    ("", "DE-16", 16),
    ("GB", "U", 0),
    ("UK", "12A", 12),
    ("", "gb:15", 15),
    ("GB", "R18", 18),
    ("FR", "Tous publics", 0),
    ("FR", "-12", 12),
    ("AU", "MA 15+", 15),
    ("IT", "VM14", 14),
    ("PT", "M/12", 12),
    ("NL", "AL", 0),
    ("IN", "U/A 13+", 13),
    ("IN", "A", 18),
    ("NO", "A", 0),
    ("MX", "B15", 15),
    ("SG", "NC16", 16),
    ("", "PEGI 16", 16),
    ("", "18+", 18),
    ("CH", "14", 14),
    ("", "Not Rated", None),
    ("", "42", None),
    ("", "suitable for most", None),
    ("", "", None),
]


@pytest.mark.parametrize(("country", "value", "age"), SAID)
def test_what_a_board_says_is_an_age(country: str, value: str, age: int | None) -> None:
    assert minimum_age(country, value) == age


@given(st.text(max_size=30), st.text(max_size=200))
def test_whatever_is_said_is_an_age_or_none(country: str, value: str) -> None:
    age = minimum_age(country, value)
    assert age is None or 0 <= age <= OLDEST


def test_the_documented_table_is_the_one_that_is_used() -> None:
    text = (ROOT / "docs" / "library.md").read_text()
    for country, words in WORDS.items():
        assert f"| {country} |" in text, country
        for word, age in words.items():
            assert f"`{word}` {age}" in text, (country, word)
    assert set(NAMES.values()) <= set(WORDS)


async def show(shelf: Shelf) -> tuple[UUID, UUID, UUID]:
    library = await shelf.library(name="Shows", kind="tvshows")
    series = await shelf.item(library, "Dark", kind="series")
    season = await shelf.item(library, "Season 1", kind="season", parent_id=series, number=1)
    return series, season, await shelf.item(library, "Secrets", kind="episode", parent_id=season, number=1)


async def certify(transactions: Transactions, item_id: UUID, source: FactSource, *said: tuple[str, str]) -> None:
    async with transactions.begin() as tx:
        await describe(tx, source, {item_id: Description(certifications=said) if said else None})


async def ages(transactions: Transactions, *item_ids: UUID) -> list[int | None]:
    async with transactions.begin() as tx:
        cursor = await tx.connection.execute("SELECT id, min_age FROM item")
        found = {row[0]: row[1] for row in await cursor.fetchall()}
    return [found[item_id] for item_id in item_ids]


async def test_what_belongs_to_an_item_is_never_for_younger_ones(shelf: Shelf, transactions: Transactions) -> None:
    line = await show(shelf)
    series, _, episode = line

    await certify(transactions, series, FactSource.METADATA, ("US", "PG-13"), ("DE", "FSK 6"))
    assert await ages(transactions, *line) == [13, 13, 13]
    await certify(transactions, episode, FactSource.NFO, ("", "TV-MA"))
    assert await ages(transactions, *line) == [13, 13, 17]
    await certify(transactions, episode, FactSource.NFO, ("", "TV-Y"))
    assert await ages(transactions, *line) == [13, 13, 13]
    await certify(transactions, series, FactSource.USER, ("", "6"))
    assert await ages(transactions, *line) == [6, 6, 6]  # whoever counts most decides
    await certify(transactions, series, FactSource.USER)
    await certify(transactions, series, FactSource.METADATA)
    assert await ages(transactions, *line) == [None, None, 0]


async def add(tx, library_id: UUID, kind: ItemKind, parent_id: UUID) -> UUID:
    made = UUID(int=parent_id.int + 1)
    facts = Facts(title="New", sort_title="new")
    place = Place(parent_id=parent_id, number=7)
    await items.add_items(tx, library_id, [NewItem(made, kind, place, facts, FactSource.NAME, is_present=True)])
    return made


async def test_what_is_new_or_moved_takes_the_age_of_where_it_is(shelf: Shelf, transactions: Transactions) -> None:
    series, season, episode = await show(shelf)
    await certify(transactions, series, FactSource.NFO, ("", "TV-14"))
    async with transactions.begin() as tx:
        cursor = await tx.connection.execute("SELECT id FROM library")
        [(library_id,)] = await cursor.fetchall()
        new_season = await add(tx, library_id, ItemKind.SEASON, series)
        new_episode = await add(tx, library_id, ItemKind.EPISODE, new_season)
        other = await add(tx, library_id, ItemKind.EPISODE, season)
    assert await ages(transactions, new_season, new_episode, other) == [14, 14, 14]

    elsewhere = await shelf.item(library_id, "Harmless", kind="series")
    async with transactions.begin() as tx:
        await items.place_items(tx, library_id, [(season, Place(parent_id=elsewhere, number=1))])
    assert await ages(transactions, season, episode, new_episode) == [None, None, 14]


async def test_the_country_that_is_set_counts_first(
    shelf: Shelf, transactions: Transactions, driver: PsycopgDriver
) -> None:
    line = await show(shelf)
    series, _, episode = line
    await certify(transactions, series, FactSource.METADATA, ("US", "TV-PG"), ("DE", "FSK 6"), ("KR", "19"))
    await certify(transactions, episode, FactSource.METADATA, ("AU", "M"), ("NO", "12"))
    assert await ages(transactions, *line) == [10, 10, 15]  # who is not asked after is outdone by the strictest
    await certify(transactions, episode, FactSource.NFO, ("", "TV-PG"), ("KR", "19"))
    assert await ages(transactions, episode) == [10]

    async def work(region: str) -> None:
        client = Client(driver)
        await client.insert(RefreshAgesArgs())
        (row,) = await driver.job_get_available(queue="low", client_id="me", limit=1)
        settings = Settings(metadata=MetadataSettings(region=region))
        await RefreshAgesWorker(transactions, driver, settings).work(Job(row, RefreshAgesArgs()))

    for region, expected in (("DE", [6, 6, 10]), ("DE", [6, 6, 10]), ("KR", [19, 19, 19]), ("US", [10, 10, 10])):
        await work(region)
        assert await ages(transactions, *line) == expected


async def somebody_waits(transactions: Transactions) -> bool:
    async with transactions.begin() as tx:
        cursor = await tx.connection.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        [(waiting,)] = await cursor.fetchall()
    return bool(waiting)


async def test_a_scan_that_adds_an_episode_while_its_series_is_rated(shelf: Shelf, transactions: Transactions) -> None:
    """Whichever commits first: neither sees the other's rows, so one has to wait for the other."""
    series, season, _ = await show(shelf)
    async with transactions.begin() as tx:
        cursor = await tx.connection.execute("SELECT id FROM library")
        [(library_id,)] = await cursor.fetchall()
        new = await add(tx, library_id, ItemKind.EPISODE, season)
        rating = asyncio.create_task(certify(transactions, series, FactSource.NFO, ("", "TV-MA")))
        await eventually(lambda: somebody_waits(transactions))
    await rating
    assert await ages(transactions, series, season, new) == [17, 17, 17]
