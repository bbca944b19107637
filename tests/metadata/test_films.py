"""Films from the first scan to what is shown, asked over real HTTP, one job after the other."""

from uuid import UUID

from app.accounts.viewer import Viewer
from app.catalog.browse import Catalog, ItemQuery
from app.db.tx import Transactions
from app.library.kinds import FactSource
from app.library.repository.facts import Facts, apply_facts
from tests.fixtures.library import LibraryBench
from tests.fixtures.metadata import MetadataBench
from tests.fixtures.outside import Reply
from tests.fixtures.providers import Providers, film
from tests.fixtures.tree import WriteTree

LANTERN = film(101, "The Lantern", "1999-03-31")


async def shelved(metadata: MetadataBench, tree: WriteTree, *names: str) -> UUID:
    library_id = await metadata.library.add(tree({f"{name}/{name}.mkv": name for name in names}))
    await metadata.library.scan(library_id)
    return library_id


async def titles(library: LibraryBench) -> list[tuple[object, ...]]:
    rows = await library.rows("SELECT title, year, title_source FROM item ORDER BY sort_title, year")
    return [tuple(row.values()) for row in rows]


async def test_a_film_is_found_fetched_and_told_of(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    providers.films = [LANTERN, film(102, "The Lantern", "1955-01-01"), film(103, "Lantern Bay", "1999-01-01")]
    await shelved(metadata, tree, "The Lantern (1999)")

    done = await metadata.work()

    assert done == ["completed", "completed"]  # one found out what it is, one fetched it
    match = await metadata.match()
    assert (match["state"], match["decided_by"], match["source"], match["external_id"]) == (
        "matched", "search", "tmdb", "101",
    )  # fmt: skip
    rows = metadata.library.rows
    assert await titles(metadata.library) == [("The Lantern", 1999, "metadata")]
    texts = await rows("SELECT language, plot, tagline FROM item_text ORDER BY position")
    assert [tuple(row.values()) for row in texts] == [("en", "What happens in The Lantern.", "Nobody keeps the light.")]
    assert [row["role"] for row in await rows("SELECT role FROM credit ORDER BY position")] == [
        "director",
        "actor",
        "actor",
    ]
    certified = await rows("SELECT country, value FROM certification ORDER BY country")
    assert [tuple(row.values()) for row in certified] == [("DE", "12"), ("US", "PG-13")]
    ids = await rows("SELECT provider, value FROM external_id ORDER BY provider")
    assert [tuple(row.values()) for row in ids] == [("imdb", "tt0000101"), ("tmdb", "101"), ("wikidata", "Q101")]
    images = await rows("SELECT role, source, url FROM image WHERE item_id IS NOT NULL ORDER BY role, position")
    assert [(row["role"], row["source"]) for row in images] == [
        ("backdrop", "remote"), ("logo", "remote"), ("poster", "remote"), ("poster", "remote"),
    ]  # fmt: skip
    assert images[2]["url"] == "https://image.tmdb.org/t/p/original/poster101.jpg"
    (detail,) = await rows("SELECT runtime_minutes, trailer FROM item_detail")
    assert tuple(detail.values()) == (100, "https://www.youtube.com/watch?v=yt101")
    labels = await rows("SELECT kind, name FROM label ORDER BY kind, name")
    assert ("genre", "Drama") in [tuple(row.values()) for row in labels]


async def test_nobody_is_asked_twice_and_a_second_scan_asks_nothing(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    providers.films = [LANTERN]
    library_id = await shelved(metadata, tree, "The Lantern (1999)")
    await metadata.work()
    asked = len(providers.asked)
    assert providers.asked[-1] == "/tmdb/movie/101"

    await metadata.library.scan(library_id, full=True)

    assert await metadata.work() == []
    assert len(providers.asked) == asked


async def test_an_id_in_a_name_is_an_order(metadata: MetadataBench, providers: Providers, tree: WriteTree) -> None:
    """Whatever the title says: nothing is searched at all."""
    providers.films = [LANTERN, film(7, "Quite Another Film", "2011-01-01")]
    await shelved(metadata, tree, "The Lantern (1999) {tmdb-7}")
    await metadata.work()
    assert (await metadata.match())["decided_by"] == "id"
    assert await titles(metadata.library) == [("Quite Another Film", 2011, "metadata")]
    assert not any("search" in path for path in providers.asked)


async def test_anothers_id_is_an_order_too(metadata: MetadataBench, providers: Providers, tree: WriteTree) -> None:
    providers.films = [LANTERN, film(7, "Quite Another Film", "2011-01-01")]
    await shelved(metadata, tree, "The Lantern (1999) {imdb-tt0000007}")
    await metadata.work()
    match = await metadata.match()
    assert (match["decided_by"], match["external_id"]) == ("id", "7")


async def test_an_id_that_nobody_knows_is_put_before_a_person(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    providers.films = [LANTERN]
    await shelved(metadata, tree, "The Lantern (1999) {tmdb-999}")
    assert await metadata.work() == ["completed", "JobCancel"]
    match = await metadata.match()
    assert match["state"] == "doubtful"
    assert "999" in match["reason"]
    assert await titles(metadata.library) == [("The Lantern", 1999, "name")]


async def test_what_is_doubtful_waits_for_a_person_and_stays_what_it_was(
    metadata: MetadataBench, providers: Providers, tree: WriteTree, transactions: Transactions
) -> None:
    providers.films = [LANTERN, film(102, "The Lantern", "1955-01-01")]
    await shelved(metadata, tree, "The Lantern", "Nobody Knows This One (2001)")
    await metadata.work()
    doubtful, unknown = await metadata.match()
    assert (unknown["state"], doubtful["state"]) == ("unmatched", "doubtful")
    assert {one["candidate"]["external_id"] for one in doubtful["candidates"]} == {"101", "102"}
    assert [row[2] for row in await titles(metadata.library)] == ["name", "name"]

    async with transactions.begin() as tx:
        await metadata.service.choose(tx, doubtful["item_id"], "tmdb", "102")
    await metadata.work()

    chosen = await metadata.match(doubtful["item_id"])
    assert (chosen["state"], chosen["decided_by"], chosen["candidates"]) == ("matched", "user", [])
    assert ("The Lantern", 1955, "metadata") in await titles(metadata.library)


async def test_a_persons_choice_and_words_outlast_everything(
    metadata: MetadataBench, providers: Providers, tree: WriteTree, transactions: Transactions
) -> None:
    providers.films = [LANTERN, film(102, "The Lantern", "1955-01-01")]
    library_id = await shelved(metadata, tree, "The Lantern (1999)")
    await metadata.work()
    (item,) = await metadata.library.rows("SELECT id FROM item")
    async with transactions.begin() as tx:
        await metadata.service.choose(tx, item["id"], "tmdb", "102")
        await apply_facts(tx, item["id"], FactSource.USER, Facts(title="My Lantern"))
    await metadata.work()
    await metadata.library.connection.execute("UPDATE metadata_record SET refresh_at = now()")
    await metadata.library.connection.execute("UPDATE metadata_match SET asked_for = 'another question'")
    async with transactions.begin() as tx:
        await metadata.service.refresh(tx, library_id)
        await metadata.library.service.announce_changed(tx, [item["id"]])
    await metadata.work()

    assert await titles(metadata.library) == [("My Lantern", 1955, "user")]
    assert (await metadata.match())["external_id"] == "102"
    (same,) = await metadata.library.rows("SELECT id FROM item")
    assert same == item


async def test_unmatched_by_a_person_stays_so_until_a_person_asks_again(
    metadata: MetadataBench, providers: Providers, tree: WriteTree, transactions: Transactions
) -> None:
    providers.films = [LANTERN]
    library_id = await shelved(metadata, tree, "The Lantern (1999)")
    await metadata.work()
    (item,) = await metadata.library.rows("SELECT id FROM item")
    async with transactions.begin() as tx:
        await metadata.service.unmatch(tx, item["id"])
    assert await titles(metadata.library) == [("The Lantern", 1999, "name")]
    for table in ("item_text", "credit", "rating", "image", "external_id", "metadata_record"):
        assert await metadata.library.rows(f"SELECT FROM {table} WHERE item_id IS NOT NULL") == []
    await metadata.library.scan(library_id, full=True)
    async with transactions.begin() as tx:
        await metadata.service.refresh(tx, library_id)
    await metadata.work()
    assert (await metadata.match())["state"] == "unmatched"

    async with transactions.begin() as tx:
        await metadata.service.look_again(tx, item["id"])
    await metadata.work()
    assert (await metadata.match())["state"] == "matched"
    assert (await metadata.library.rows("SELECT id FROM item")) == [item]


async def test_what_is_called_otherwise_since_is_asked_for_again(
    metadata: MetadataBench, providers: Providers, tree: WriteTree, transactions: Transactions
) -> None:
    """An NFO came later, and says what it is."""
    providers.films = [LANTERN, film(7, "Quite Another Film", "2011-01-01")]
    await shelved(metadata, tree, "The Lantern (1999)")
    await metadata.work()
    (item,) = await metadata.library.rows("SELECT id FROM item")
    async with transactions.begin() as tx:
        await metadata.library.service.tell(
            tx, FactSource.NFO, {item["id"]: (Facts(title="Quite Another Film", year=2011), _with_id("7"))}
        )
    await metadata.work()
    match = await metadata.match()
    assert (match["decided_by"], match["external_id"]) == ("id", "7")
    texts = await metadata.library.rows("SELECT plot FROM item_text WHERE source = 'metadata' AND language = 'en'")
    assert [row["plot"] for row in texts] == ["What happens in Quite Another Film."]


def _with_id(tmdb_id: str):
    from app.library.descriptions import Description

    return Description(external_ids=(("tmdb", tmdb_id),))


async def test_a_source_that_asks_to_wait_costs_no_attempt(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    providers.films = [LANTERN]
    providers.outside.answers["/tmdb/search/movie"] = Reply(429, b"", {"Retry-After": "30"})
    await shelved(metadata, tree, "The Lantern (1999)", "Other (2000)", "Third (2001)")
    assert await metadata.work() == ["JobSnooze"] * 3
    assert len(providers.asked) == 1


async def test_nobody_is_asked_where_nothing_was_configured(
    library: LibraryBench, providers: Providers, tree: WriteTree
) -> None:
    from app.config import Settings

    bench = MetadataBench(library, Settings())
    await shelved(bench, tree, "The Lantern (1999)")
    assert await bench.waiting() == []
    assert providers.asked == []
    await bench.outbound.close()


async def test_a_set_is_called_in_the_languages_of_those_who_look_and_asked_for_once(
    metadata: MetadataBench, providers: Providers, tree: WriteTree
) -> None:
    lamps = {"id": 9, "name": "Lamps Collection", "poster_path": "/l.jpg", "backdrop_path": None}
    providers.films = [film(n, f"Lamp {n}", belongs_to_collection=lamps) for n in (101, 102)]
    translated = [
        {"iso_639_1": language, "iso_3166_1": "X", "name": "", "english_name": "", "data": data}
        for language, data in (
            ("en", {"title": "", "overview": "All lamps.", "homepage": ""}),
            ("de", {"title": "Lampen Filmreihe", "overview": "Alle Lampen.", "homepage": ""}),
            ("fr", {"title": "Lampes - Saga", "overview": "", "homepage": ""}),
        )
    ]
    providers.outside.answers["/tmdb/collection/9/translations"] = Reply.json({"id": 9, "translations": translated})
    object.__setattr__(metadata.registry._settings, "languages", ("de",))
    root = tree({f"Lamp {n} (1999).mkv": str(n) for n in (101, 102)})
    await metadata.library.scan(await metadata.library.add(root))
    assert set(await metadata.work()) == {"completed"}

    for languages, name in (
        ((), "Lamps Collection"),
        (("de",), "Lampen Filmreihe"),
        (("fr", "en"), "Lamps Collection"),
    ):
        viewer = Viewer(name="x", libraries=None, languages=languages)
        page = await Catalog(metadata.transactions).items(viewer, ItemQuery())
        assert [[one.name for one in item.collections] for item in page.items] == [[name]] * 2
    assert providers.outside.paths.count("/tmdb/collection/9/translations") == 1
    (row,) = await metadata.library.rows("SELECT overview FROM collection")
    assert row["overview"] == "All lamps."
