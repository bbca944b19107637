"""Typesense is kept up by jobs: filled, changed, emptied, and made anew, while it is searched and while it is away."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.catalog.index.jobs import IndexItemsArgs, RebuildIndexArgs
from app.catalog.typesense import exporting
from app.catalog.typesense.jobs import TypesenseItemsArgs, TypesenseRebuildArgs
from app.catalog.typesense.server import TypesenseServer
from app.catalog.upkeep import SearchUpkeep
from app.config import Settings
from app.db.tx import Transactions
from app.jobs.errors import JobCancel
from app.library.models import Item
from tests.fixtures.shelf import Shelf
from tests.fixtures.typesense import Typesense
from tests.fixtures.typesense_bench import TypesenseBench


async def titles(typesense: Typesense) -> list[str]:
    return sorted(one["titles"][0] for one in typesense.documents("revenge").values())


async def fill(bench: TypesenseBench, shelf: Shelf, *names: str) -> list[UUID]:
    library = await shelf.library()
    made = [await shelf.item(library, name) for name in names]
    await bench.insert(RebuildIndexArgs())
    await bench.work_all()
    return made


async def change(bench: TypesenseBench, *item_ids: UUID) -> None:
    async with bench.transactions.begin() as tx:
        await bench.requests.items_changed(tx, item_ids)


async def waiting(connection: psycopg.AsyncConnection[Any]) -> int:
    row = await (await connection.execute("SELECT count(*) AS n FROM search_export")).fetchone()
    assert row is not None
    return int(row["n"])


async def test_a_start_fills_a_collection_and_only_then_the_alias_stands_for_it(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense, connection: psycopg.AsyncConnection[Any]
) -> None:
    library = await shelf.library()
    for name in ("Amélie", "Heat", "千と千尋"):
        await shelf.item(library, name)
    await bench.insert(RebuildIndexArgs())
    await bench.work_one(RebuildIndexArgs)
    await bench.work_one(TypesenseRebuildArgs)
    assert (len(typesense.collections), typesense.aliases) == (1, {})

    await bench.work_all()

    assert list(typesense.aliases.values()) == list(typesense.collections)
    assert await titles(typesense) == ["amelie", "heat", "千 と 尋 千と と千 千尋"]
    assert await waiting(connection) == 0


async def test_changes_follow_and_what_is_gone_goes(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense, transactions: Transactions
) -> None:
    kept, gone, merged = await fill(bench, shelf, "Kept", "Gone", "Merged")
    async with transactions.begin() as tx:
        (await tx.session.get_one(Item, kept)).title = "Called otherwise"
        await tx.session.flush()
        await bench.requests.items_changed(tx, [kept])
        await bench.requests.items_purged(tx, [gone])
        await bench.requests.items_merged(tx, [(merged, kept)])
        for one in (gone, merged):
            await tx.session.delete(await tx.session.get_one(Item, one))
    before = len(typesense.outside.asked)

    await bench.work_all()

    assert await titles(typesense) == ["called otherwise"]
    assert len(typesense.outside.asked) - before == 2, "one import and one deletion"


async def test_a_collection_made_anew_takes_the_place_of_the_old_one_which_is_kept_up_meanwhile(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense
) -> None:
    film, _ = await fill(bench, shelf, "First", "Second")
    (old,) = typesense.collections
    typesense.documents(old)["stray"] = {"titles": ["left over"], "id": "stray"}
    typesense.collections["somebody-elses"] = {"name": "somebody-elses", "fields": [], "documents": {}}
    await bench.insert(TypesenseRebuildArgs(force=True))
    await bench.work_one(TypesenseRebuildArgs)
    async with bench.transactions.begin() as tx:
        (await tx.session.get_one(Item, film)).title = "Third"
        await tx.session.flush()
        await bench.requests.items_changed(tx, [film])
    await bench.catch_up()

    assert (await bench.exporter.export_some()).taken == 3
    assert typesense.aliases == {"revenge": old}
    assert await titles(typesense) == ["left over", "second", "third"]
    await bench.work_all()

    new = typesense.aliases["revenge"]
    assert set(typesense.collections) == {new, "somebody-elses"} != {old, "somebody-elses"}
    assert await titles(typesense) == ["second", "third"]


async def test_nothing_is_made_anew_where_nothing_is_wrong(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense
) -> None:
    await fill(bench, shelf, "Film")
    (name,) = typesense.collections
    await bench.insert(RebuildIndexArgs())
    await bench.work_one(RebuildIndexArgs)
    job = await bench.work_one(TypesenseRebuildArgs)
    assert await bench.output(job) == {"reason": None, "items": None}
    assert list(typesense.collections) == [name]


@pytest.mark.parametrize("harm", ["lost", "other data", "fewer", "older rules"])
async def test_what_went_wrong_there_is_seen_by_night_and_mended(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(bench, shelf, "First", "Second")
    (name,) = typesense.collections
    if harm == "lost":
        typesense.collections.clear()
        typesense.aliases.clear()
    elif harm == "other data":
        typesense.aliases["revenge"] = "another"
    elif harm == "fewer":
        typesense.documents(name).popitem()
    else:
        monkeypatch.setattr(exporting, "rules", lambda: "v99x1")
    await bench.insert(RebuildIndexArgs())
    await bench.work_all()
    assert await titles(typesense) == ["first", "second"]
    assert typesense.aliases["revenge"] != name


async def test_a_collection_lost_under_a_change_is_made_anew(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense
) -> None:
    film, _ = await fill(bench, shelf, "First", "Second")
    typesense.collections.clear()
    typesense.aliases.clear()
    await change(bench, film)
    assert await bench.work_all() == [
        IndexItemsArgs.kind, TypesenseItemsArgs.kind, TypesenseRebuildArgs.kind, TypesenseItemsArgs.kind,
    ]  # fmt: skip
    assert await titles(typesense) == ["first", "second"]


async def test_while_it_is_away_changes_wait_and_no_attempt_is_spent(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense, connection: psycopg.AsyncConnection[Any]
) -> None:
    (film,) = await fill(bench, shelf, "Film")
    typesense.is_away = True
    await change(bench, film)
    await bench.catch_up()
    (job,) = await bench.claim(TypesenseItemsArgs)
    assert "503" in await bench.snoozes(job)
    assert await waiting(connection) == 1
    typesense.is_away = False
    await bench.work(job)
    assert await waiting(connection) == 0


async def test_whoever_dies_between_giving_and_noting_it_gives_it_again(
    bench: TypesenseBench,
    shelf: Shelf,
    typesense: Typesense,
    connection: psycopg.AsyncConnection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (film,) = await fill(bench, shelf, "Film")
    put = TypesenseServer.put

    async def put_and_die(*given: Any) -> list[str]:
        await put(*given)
        raise ConnectionResetError

    await change(bench, film)
    await bench.catch_up()
    monkeypatch.setattr(TypesenseServer, "put", put_and_die)
    with pytest.raises(ConnectionResetError):
        await bench.exporter.export_some()
    assert await waiting(connection) == 1
    monkeypatch.undo()
    await bench.work_all()
    assert await titles(typesense) == ["film"]
    assert await waiting(connection) == 0


async def test_two_at_once_take_turns(bench: TypesenseBench, shelf: Shelf, typesense: Typesense) -> None:
    """The one that read an item first would else write it last."""
    import asyncio

    (film,) = await fill(bench, shelf, "Film")
    await change(bench, film)
    await bench.catch_up()
    first, second = await asyncio.gather(bench.exporter.export_some(), bench.exporter.export_some())
    assert sorted((first.taken, second.taken)) == [0, 1]


async def test_documents_that_are_refused_are_told_and_hold_up_nobody(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense
) -> None:
    good, bad = await fill(bench, shelf, "Good", "Bad")
    typesense.refused.add(bad.hex)
    await change(bench, good, bad)
    await bench.catch_up()
    job = await bench.work_one(TypesenseItemsArgs)
    assert await bench.output(job) == {"items": 2, "refused": 1}


async def test_nodes_that_know_of_no_typesense_let_nothing_wait_for_it(
    bench: TypesenseBench, shelf: Shelf, connection: psycopg.AsyncConnection[Any]
) -> None:
    (film,) = await fill(bench, shelf, "Film")
    await change(bench, film)
    await bench.catch_up()
    assert await waiting(connection) == 1
    bench._workers[RebuildIndexArgs]._is_exported = False
    await bench.insert(RebuildIndexArgs())
    await bench.work_one(RebuildIndexArgs)
    await change(bench, film)
    await bench.catch_up()
    assert await waiting(connection) == 0
    bench._workers[TypesenseItemsArgs]._exporter = None
    with pytest.raises(JobCancel):
        await bench.work_one(TypesenseItemsArgs)


async def test_its_state_is_shown(
    bench: TypesenseBench, shelf: Shelf, typesense: Typesense, transactions: Transactions
) -> None:
    upkeep = SearchUpkeep(transactions, bench.requests._inserter, bench.server, Settings())
    library = await shelf.library()
    film = await shelf.item(library, "Film")
    assert (await upkeep.show()).problem == "its collection is not filled yet"
    await bench.insert(RebuildIndexArgs())
    await bench.work_all()
    await change(bench, film)
    shown = await upkeep.show()
    assert (shown.engine, shown.documents, shown.waiting, shown.problem) == ("typesense", 1, 1, None)
    typesense.is_away = True
    shown = await upkeep.show()
    assert shown.engine == "postgresql"
    assert "503" in str(shown.problem)
