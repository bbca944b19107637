"""The nightly round tells what does not hold, and repairs nothing behind anybody's back."""

import pytest
from sqlalchemy import text

from app.accounts.roles import Role
from app.config import Settings
from app.metadata.answers import Answers
from app.operations import health
from app.operations.health import HealthReport, check_health, warnings_of
from app.operations.invariants import INVARIANTS, check_invariants
from app.operations.maintenance import DatabaseMaintenance


@pytest.fixture
def maintenance(database, transactions, clock, store_sweeper):
    answers = Answers(transactions)
    return DatabaseMaintenance(database.engine, transactions, Settings(), clock, answers=answers, store=store_sweeper)


async def test_all_holds_in_a_library_as_scans_leave_it(shelf, transactions, tmp_path):
    library = await shelf.library(tmp_path)
    film = await shelf.item(library, "Film")
    await shelf.file(library, "film.mkv", item_id=film)
    assert await check_invariants(transactions) == []


BREAKS = [
    ("what is present", "UPDATE file SET state = 'missing'"),
    ("what is missing has", "UPDATE item SET state = 'missing'"),
    ("a file and its folder", "UPDATE file SET root_id = (SELECT id FROM library_root WHERE id <> file.root_id)"),
    (
        "an item and its parent",
        "UPDATE item SET parent_id = (SELECT id FROM item WHERE title = 'Other') WHERE title = 'Film'",
    ),
    (
        "an item and its files",
        "UPDATE item_file SET item_id = (SELECT id FROM item WHERE title = 'Other') WHERE role = 'main'",
    ),
    (
        "whoever music",
        "INSERT INTO item_artist (item_id, position, artist_id, name) SELECT id, 0, id, title FROM item",
    ),
    ("a season belongs", "UPDATE item SET parent_id = id WHERE title = 'Film'"),
    ("somebody can administer", "INSERT INTO account (id, name, role) SELECT gen_random_uuid(), 'Bob', 'member'"),
]


def test_every_invariant_is_broken_here_once():
    told = [next(one.name for one in INVARIANTS if one.name.startswith(begin)) for begin, _ in BREAKS]
    assert sorted(told) == sorted(one.name for one in INVARIANTS)


@pytest.mark.parametrize(("begin", "breaks"), BREAKS, ids=[begin for begin, _ in BREAKS])
async def test_what_does_not_hold_is_told_with_examples(shelf, transactions, tmp_path, begin, breaks):
    library, other = await shelf.library(tmp_path), await shelf.library(tmp_path / "other", name="Others")
    film = await shelf.item(library, "Film")
    await shelf.file(library, "film.mkv", item_id=film)
    await shelf.file(other, "other.mkv", item_id=await shelf.item(other, "Other"))
    async with transactions.begin() as tx:
        await tx.session.execute(text(breaks))

    broken = {one.invariant: one for one in await check_invariants(transactions)}

    (found,) = [one for name, one in broken.items() if name.startswith(begin)]
    assert found.count >= 1
    assert len(found.examples) == min(found.count, 5)


async def test_the_round_analyses_what_has_changed_forgets_old_events_and_reports(
    maintenance, shelf, transactions, clock, accounts
):
    await accounts.make("Ada", Role.ADMINISTRATOR)
    report = await maintenance.run()
    assert report.broken_invariants == []
    assert report.forgotten == {"source_answers": 0, "audit_events": 0}
    assert report.health.database_bytes > 0
    assert report.health.invalid_indexes == []
    assert len(report.health.largest_tables) == 10

    async with transactions.begin() as tx:
        await tx.session.execute(
            text(
                "INSERT INTO metadata_answer (key, source, address, body, fresh_until, expires_at)"
                " SELECT decode(days::text, 'escape'), 'tmdb', '/', '', now(), now() + days * interval '1 day'"
                " FROM unnest(ARRAY[-1, 1]) AS days"
            )
        )
    accounts.wait(days=401)
    assert (await maintenance.run()).forgotten == {"source_answers": 1, "audit_events": 1}
    assert (await maintenance.run()).forgotten == {"source_answers": 0, "audit_events": 0}


async def test_an_index_whose_build_failed_is_told(transactions, database):
    async with transactions.begin() as tx:
        await tx.session.execute(text("CREATE TABLE twins AS SELECT 1 AS one FROM generate_series(1, 2)"))
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        with pytest.raises(Exception, match="could not create unique index"):
            await connection.execute(text("CREATE UNIQUE INDEX CONCURRENTLY broken ON twins (one)"))
    report = await check_health(transactions)
    assert report.invalid_indexes == ["broken"]
    assert report.warnings == ["index broken is invalid; drop it or build it anew"]


async def test_an_index_that_is_mostly_empty_is_told(transactions, database, monkeypatch):
    monkeypatch.setattr(health, "BLOATED_BYTES", 100_000)
    async with transactions.begin() as tx:
        await tx.session.execute(text("CREATE TABLE counted AS SELECT generate_series(1, 50000) AS number"))
        for name in ("full", "hollow"):
            await tx.session.execute(text(f'CREATE INDEX "{name}" ON counted (number)'))
        await tx.session.execute(text("DELETE FROM counted WHERE number % 20 > 0"))
    async with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("VACUUM (ANALYZE) counted"))
        await connection.execute(text('REINDEX INDEX "full"'))
    report = await check_health(transactions)
    assert list(report.bloated_indexes) == ["hollow"]
    assert report.bloated_indexes["hollow"] > 0.8
    assert report.warnings[-1].startswith("index hollow: ")


def test_warnings_are_words():
    report = HealthReport(
        database_bytes=1,
        largest_tables={},
        bloated_tables={"item": 0.5},
        bloated_indexes={"public.item_title": 0.75},
        invalid_indexes=[],
        oldest_transaction_seconds=7200,
        frozen_age=1_500_000_000,
        warnings=[],
    )
    assert list(warnings_of(report)) == [
        "table item: 50% of its rows are dead",
        "index public.item_title: 75% of it is empty; REINDEX INDEX CONCURRENTLY gives that back",
        "a transaction has been open for 120 minutes",
        "transaction numbers run out; let VACUUM (FREEZE) pass over the database",
    ]
