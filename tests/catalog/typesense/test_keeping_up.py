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


async def fill(node: TypesenseBench, shelf: Shelf, *names: str) -> list[UUID]:
    library = await shelf.library()
    made = [await shelf.item(library, name) for name in names]
    await node.insert(RebuildIndexArgs())
    await node.work_all()
    return made


async def change(node: TypesenseBench, *item_ids: UUID) -> None:
    async with node.transactions.begin() as tx:
        await node.requests.items_changed(tx, item_ids)


async def waiting(connection: psycopg.AsyncConnection[Any]) -> int:
    row = await (await connection.execute("SELECT count(*) AS n FROM search_export")).fetchone()
    assert row is not None
    return int(row["n"])


async def test_a_start_fills_a_collection_and_only_then_the_alias_stands_for_it(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense, connection: psycopg.AsyncConnection[Any]
) -> None:
    library = await shelf.library()
    for name in ("Amélie", "Heat", "千と千尋"):
        await shelf.item(library, name)
    await node.insert(RebuildIndexArgs())
    await node.work_one(RebuildIndexArgs)
    await node.work_one(TypesenseRebuildArgs)
    assert (len(typesense.collections), typesense.aliases) == (1, {})

    await node.work_all()

    assert list(typesense.aliases.values()) == list(typesense.collections)
    assert await titles(typesense) == ["amelie", "heat", "千 と 尋 千と と千 千尋"]
    assert await waiting(connection) == 0


async def test_changes_follow_and_what_is_gone_goes(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense, transactions: Transactions
) -> None:
    kept, gone, merged = await fill(node, shelf, "Kept", "Gone", "Merged")
    async with transactions.begin() as tx:
        (await tx.session.get_one(Item, kept)).title = "Called otherwise"
        await tx.session.flush()
        await node.requests.items_changed(tx, [kept])
        await node.requests.items_purged(tx, [gone])
        await node.requests.items_merged(tx, [(merged, kept)])
        for one in (gone, merged):
            await tx.session.delete(await tx.session.get_one(Item, one))
    before = len(typesense.outside.asked)

    await node.work_all()

    assert await titles(typesense) == ["called otherwise"]
    assert len(typesense.outside.asked) - before == 2, "one import and one deletion"


async def test_a_collection_made_anew_takes_the_place_of_the_old_one_which_is_kept_up_meanwhile(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense
) -> None:
    film, _ = await fill(node, shelf, "First", "Second")
    (old,) = typesense.collections
    typesense.documents(old)["stray"] = {"titles": ["left over"], "id": "stray"}
    typesense.collections["somebody-elses"] = {"name": "somebody-elses", "fields": [], "documents": {}}
    await node.insert(TypesenseRebuildArgs(force=True))
    await node.work_one(TypesenseRebuildArgs)
    async with node.transactions.begin() as tx:
        (await tx.session.get_one(Item, film)).title = "Third"
        await tx.session.flush()
        await node.requests.items_changed(tx, [film])
    await node.catch_up()

    assert (await node.exporter.export_some()).taken == 3
    assert typesense.aliases == {"revenge": old}
    assert await titles(typesense) == ["left over", "second", "third"]
    await node.work_all()

    new = typesense.aliases["revenge"]
    assert set(typesense.collections) == {new, "somebody-elses"} != {old, "somebody-elses"}
    assert await titles(typesense) == ["second", "third"]


async def test_nothing_is_made_anew_where_nothing_is_wrong(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense
) -> None:
    await fill(node, shelf, "Film")
    (name,) = typesense.collections
    await node.insert(RebuildIndexArgs())
    await node.work_one(RebuildIndexArgs)
    job = await node.work_one(TypesenseRebuildArgs)
    assert await node.output(job) == {"reason": None, "items": None}
    assert list(typesense.collections) == [name]


@pytest.mark.parametrize("harm", ["lost", "other data", "fewer", "older rules"])
async def test_what_went_wrong_there_is_seen_by_night_and_mended(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(node, shelf, "First", "Second")
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
    await node.insert(RebuildIndexArgs())
    await node.work_all()
    assert await titles(typesense) == ["first", "second"]
    assert typesense.aliases["revenge"] != name


async def test_a_collection_lost_under_a_change_is_made_anew(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense
) -> None:
    film, _ = await fill(node, shelf, "First", "Second")
    typesense.collections.clear()
    typesense.aliases.clear()
    await change(node, film)
    assert await node.work_all() == [
        IndexItemsArgs.kind, TypesenseItemsArgs.kind, TypesenseRebuildArgs.kind, TypesenseItemsArgs.kind,
    ]  # fmt: skip
    assert await titles(typesense) == ["first", "second"]


async def test_while_it_is_away_changes_wait_and_no_attempt_is_spent(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense, connection: psycopg.AsyncConnection[Any]
) -> None:
    (film,) = await fill(node, shelf, "Film")
    typesense.is_away = True
    await change(node, film)
    await node.catch_up()
    (job,) = await node.claim(TypesenseItemsArgs)
    assert "503" in await node.snoozes(job)
    assert await waiting(connection) == 1
    typesense.is_away = False
    await node.work(job)
    assert await waiting(connection) == 0


async def test_whoever_dies_between_giving_and_noting_it_gives_it_again(
    node: TypesenseBench,
    shelf: Shelf,
    typesense: Typesense,
    connection: psycopg.AsyncConnection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (film,) = await fill(node, shelf, "Film")
    put = TypesenseServer.put

    async def put_and_die(*given: Any) -> list[str]:
        await put(*given)
        raise ConnectionResetError

    await change(node, film)
    await node.catch_up()
    monkeypatch.setattr(TypesenseServer, "put", put_and_die)
    with pytest.raises(ConnectionResetError):
        await node.exporter.export_some()
    assert await waiting(connection) == 1
    monkeypatch.undo()
    await node.work_all()
    assert await titles(typesense) == ["film"]
    assert await waiting(connection) == 0


async def test_two_at_once_take_turns(node: TypesenseBench, shelf: Shelf, typesense: Typesense) -> None:
    """The one that read an item first would else write it last."""
    import asyncio

    (film,) = await fill(node, shelf, "Film")
    await change(node, film)
    await node.catch_up()
    first, second = await asyncio.gather(node.exporter.export_some(), node.exporter.export_some())
    assert sorted((first.taken, second.taken)) == [0, 1]


async def test_documents_that_are_refused_are_told_and_hold_up_nobody(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense
) -> None:
    good, bad = await fill(node, shelf, "Good", "Bad")
    typesense.refused.add(bad.hex)
    await change(node, good, bad)
    await node.catch_up()
    job = await node.work_one(TypesenseItemsArgs)
    assert await node.output(job) == {"items": 2, "refused": 1}


async def test_nodes_that_know_of_no_typesense_let_nothing_wait_for_it(
    node: TypesenseBench, shelf: Shelf, connection: psycopg.AsyncConnection[Any]
) -> None:
    (film,) = await fill(node, shelf, "Film")
    await change(node, film)
    await node.catch_up()
    assert await waiting(connection) == 1
    node._workers[RebuildIndexArgs]._is_exported = False
    await node.insert(RebuildIndexArgs())
    await node.work_one(RebuildIndexArgs)
    await change(node, film)
    await node.catch_up()
    assert await waiting(connection) == 0
    node._workers[TypesenseItemsArgs]._exporter = None
    with pytest.raises(JobCancel):
        await node.work_one(TypesenseItemsArgs)


async def test_its_state_is_shown(
    node: TypesenseBench, shelf: Shelf, typesense: Typesense, transactions: Transactions
) -> None:
    upkeep = SearchUpkeep(transactions, node.requests._inserter, node.server, Settings())
    library = await shelf.library()
    film = await shelf.item(library, "Film")
    assert (await upkeep.show()).problem == "its collection is not filled yet"
    await node.insert(RebuildIndexArgs())
    await node.work_all()
    await change(node, film)
    shown = await upkeep.show()
    assert (shown.engine, shown.documents, shown.waiting, shown.problem) == ("typesense", 1, 1, None)
    typesense.is_away = True
    shown = await upkeep.show()
    assert shown.engine == "postgresql"
    assert "503" in str(shown.problem)
