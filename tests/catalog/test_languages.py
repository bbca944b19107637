"""Titles and texts in the language of whoever looks, as far as sources say them; a person's and an NFO's word stays."""

from uuid import UUID

import pytest

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog.browse import Catalog
from app.db.tx import Transactions
from app.library.descriptions import Description, Texts
from app.library.kinds import FactSource
from app.library.models import Item
from app.library.repository import descriptions
from app.metadata.records import Locale
from app.metadata.sources import tmdb_reading
from app.web.languages import accepted
from tests.fixtures.providers import film
from tests.fixtures.shelf import Shelf
from tests.fixtures.web import Web

SAID = Description(
    texts=(
        Texts(language="de", title="Die Laterne", plot="Ein Licht.", tagline="Keiner wacht."),
        Texts(language="en", title="The Lantern", plot="A light."),
        Texts(language="ja", title="灯台"),
    )
)


@pytest.fixture
async def lantern(shelf: Shelf, transactions: Transactions) -> UUID:
    item = await shelf.item(await shelf.library(), "Die Laterne", title_source="metadata", original_title="灯台")
    async with transactions.begin() as tx:
        await descriptions.describe(tx, FactSource.METADATA, {item: SAID})
    return item


def speaking(*languages: str) -> Viewer:
    return Viewer(name="x", libraries=None, languages=languages)


async def shown(transactions: Transactions, item: UUID, viewer: Viewer) -> tuple[str, str | None, str | None]:
    found = await Catalog(transactions).item(viewer, item)
    return found.title, found.plot, found.tagline


async def test_each_field_comes_in_the_first_wanted_language_that_says_it(
    transactions: Transactions, lantern: UUID
) -> None:
    for viewer, title, plot in (
        (LOCAL_ADMINISTRATOR, "Die Laterne", "Ein Licht."),
        (speaking("en"), "The Lantern", "A light."),
        (speaking("de", "en"), "Die Laterne", "Ein Licht."),
        (speaking("fr", "en", "de"), "The Lantern", "A light."),
        (speaking("ja", "en"), "灯台", "A light."),
        (speaking("fr"), "Die Laterne", "Ein Licht."),
    ):
        assert await shown(transactions, lantern, viewer) == (title, plot, "Keiner wacht."), viewer.languages


async def test_what_a_person_or_an_nfo_says_stays_in_every_language(transactions: Transactions, lantern: UUID) -> None:
    async with transactions.begin() as tx:
        nfo = Description(texts=(Texts(plot="Mine."),))
        await descriptions.describe(tx, FactSource.NFO, {lantern: nfo})
    assert await shown(transactions, lantern, speaking("en")) == ("The Lantern", "Mine.", "Keiner wacht.")
    async with transactions.begin() as tx:
        item = await tx.session.get_one(Item, lantern)
        item.title, item.title_source = "Meine Laterne", FactSource.USER
    assert (await shown(transactions, lantern, speaking("en")))[0] == "Meine Laterne"
    async with transactions.begin() as tx:
        item = await tx.session.get_one(Item, lantern)
        item.title_source, item.locked = FactSource.METADATA, ["title"]
    assert (await shown(transactions, lantern, speaking("en")))[0] == "Meine Laterne"


async def test_the_header_decides_and_so_does_the_etag(web: Web, lantern: UUID) -> None:
    answers = [
        await web.http.get(f"/api/v1/items/{lantern}", headers={"Accept-Language": header})
        for header in ("en-GB,en;q=0.9,de;q=0.8", "de", "xx;q=no, ,*", "de;q=0.1, en;q=0.7")
    ]
    assert [one.json()["title"] for one in answers] == ["The Lantern", "Die Laterne", "Die Laterne", "The Lantern"]
    assert answers[0].headers["etag"] != answers[1].headers["etag"]
    assert all("Accept-Language" in one.headers["vary"] for one in answers)
    page = await web.http.get("/api/v1/items", headers={"Accept-Language": "ja"})
    assert [item["title"] for item in page.json()["items"]] == ["灯台"]


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        (None, ()),
        ("", ()),
        ("de", ("de",)),
        ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", ("de", "en")),
        ("en;q=0.5, DE ; q = 0.8, fr;q=0", ("de", "en")),
        ("*;q=0.5, zh-Hant-TW", ("zh",)),
        ("english, d, de;q=2, \x00", ()),
        (",".join(["aa"] * 10_000), ("aa",)),
        (",".join(f"{chr(97 + n)}{chr(97 + n)}" for n in range(26)), tuple(f"{c}{c}" for c in "abcdefghij")),
    ],
)
def test_what_a_header_asks_for(header: str | None, languages: tuple[str, ...]) -> None:
    assert accepted(header) == languages


def test_sources_keep_the_languages_that_are_configured() -> None:
    answer = film(7, "The Lantern") | {"original_language": "ja"}
    answer["translations"] = {
        "translations": [
            {"iso_639_1": code, "data": {"title": f"Lantern {code}", "overview": f"Plot {code}.", "tagline": ""}}
            for code in ("de", "en", "fr", "ja", "sv")
        ]
    }
    for locale, kept in (
        (Locale(language="de"), ["de", "en", "ja"]),
        (Locale(language="de", also=("fr", "sv")), ["de", "en", "fr", "ja", "sv"]),
    ):
        assert sorted(one.language for one in tmdb_reading._texts(answer, locale)) == kept
