"""The judge itself: it finds nothing wrong with a sound history, and each broken one it names."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.jobs.types import AttemptError, JobRow, JobState
from tests.faults.fleet import Fleet, attempts_of, lines_of
from tests.faults.invariants import RESCUED, AttemptInterval, Effect, Interval, Journal, check_invariants
from tests.fixtures.waiting import eventually

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def a_row(**columns) -> JobRow:
    """A job that was taken from `a`, which died, and completed by `b`."""
    values = {
        "id": 1,
        "state": JobState.COMPLETED,
        "attempt": 2,
        "max_attempts": 25,
        "attempted_at": NOW,
        "created_at": NOW,
        "finalized_at": NOW,
        "scheduled_at": NOW,
        "priority": 1,
        "encoded_args": b"{}",
        "attempted_by": ["a", "b"],
        "errors": [AttemptError(at=NOW, attempt=1, error=RESCUED, trace="")],
        "kind": "test",
        "metadata": b"{}",
        "queue": "default",
        "tags": [],
        "unique_key": None,
        "unique_states": None,
    }
    return JobRow(**{**values, **columns})


FIRST = AttemptInterval("a", 1.0, None, 1, 1, "t1")
SECOND = AttemptInterval("b", 5.0, 6.0, 1, 2, "t2")
EFFECT = Effect(1, 2, "b", with_job=True)
SOUND = Journal(inserted={1}, attempts=[FIRST, SECOND], effects=[EFFECT], deaths={"a": 2.0})


def test_a_sound_history_is_not_accused():
    assert check_invariants([a_row()], SOUND) == []


def test_a_lease_that_a_crash_has_emptied_accuses_nobody_and_a_crash_elsewhere_excuses_nobody():
    terms = [Interval("c", 1.0, 3.0), Interval("d", 2.0, 4.0)]
    assert check_invariants([a_row()], replace(SOUND, terms=terms, crashes=[1.5])) == []
    assert check_invariants([a_row()], replace(SOUND, terms=terms, crashes=[0.5])) == ["c and d led at once"]


@pytest.mark.parametrize("cut_off", ["c", "d"])
def test_no_silent_wire_excuses_a_leader_that_ends_too_late(cut_off: str):
    terms = [Interval("c", 1.0, 3.0), Interval("d", 2.0, 4.0)]
    assert check_invariants([a_row()], replace(SOUND, terms=terms, cut_off={cut_off})) == ["c and d led at once"]


@pytest.mark.parametrize(
    ("row", "changes", "said"),
    [
        (None, {}, "is lost"),
        (a_row(state=JobState.RUNNING), {}, "is stuck: running"),
        (a_row(attempt=3), {}, "counts 3 attempts and 1 errors"),
        (a_row(errors=[], attempt=2), {}, "counts 2 attempts and 0 errors"),
        (a_row(attempted_by=["b"]), {}, "was claimed 1 times and begun 2 times"),
        (a_row(), {"attempts": [FIRST, SECOND, SECOND]}, "was begun 2 times"),
        (a_row(), {"effects": []}, "completed without its effect"),
        (a_row(), {"effects": [EFFECT, EFFECT]}, "had its effect 2 times"),
        (a_row(), {"effects": [Effect(1, 3, "b", with_job=True)]}, "an attempt it does not count"),
        (a_row(), {"deaths": {"a": 5.5}}, "by a and b at once"),
        (a_row(), {"deaths": {}}, "nobody killed a"),
        (a_row(), {"attempts": [replace(FIRST, ended=2.0), SECOND], "deaths": {}}, "taken from a, which lived"),
        (a_row(), {"terms": [Interval("c", 1.0, 3.0), Interval("d", 2.0, 4.0)]}, "c and d led at once"),
    ],
)
def test_a_broken_invariant_is_named(row, changes, said):
    broken = check_invariants([row] if row else [], replace(SOUND, **changes))
    assert any(said in one for one in broken), broken


def test_a_client_that_was_cut_off_may_go_on_for_a_while():
    journal = replace(SOUND, attempts=[replace(FIRST, ended=7.0), SECOND], deaths={}, cut_off={"a"})
    assert check_invariants([a_row()], journal) == []


@pytest.mark.process
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM river.river_job WHERE id = (SELECT min(id) FROM river.river_job)", "is lost"),
        (
            "UPDATE river.river_job SET state = 'running', finalized_at = NULL WHERE args @> '{\"number\": 0}'",
            "is stuck: running",
        ),
        ("INSERT INTO journal SELECT * FROM journal WHERE with_job LIMIT 1", "had its effect 2 times"),
    ],
)
async def test_damage_done_behind_a_real_fleets_back_is_seen(fleet: Fleet, damage: str, said: str):
    await fleet.start()
    await fleet.insert(20)
    await fleet.drained()
    for member in fleet.members:
        await member.stop()
    assert check_invariants(await fleet.rows(), await fleet.journal()) == []

    await fleet.query(damage)

    broken = check_invariants(await fleet.rows(), await fleet.journal())
    assert any(said in one for one in broken), broken


@pytest.mark.process
async def test_a_job_handed_to_a_second_worker_is_seen(fleet: Fleet):
    """A queue without a fence would do this: give a job away while it is being worked."""
    for _ in range(2):
        await fleet.start(workers=1)

    def both_work() -> bool:
        return all(attempts_of(member.id, lines_of(member)) for member in fleet.members)

    async with fleet.journal_locked():
        await fleet.insert(1, ["plain"])
        await fleet.under_way()
        await fleet.query("UPDATE river.river_job SET state = 'available', attempt = 0 WHERE state = 'running'")
        await eventually(both_work)
    await fleet.drained()
    for member in fleet.members:
        await member.stop()

    broken = check_invariants(await fleet.rows(), await fleet.journal())

    assert any("at once" in one or "had its effect" in one for one in broken), broken
