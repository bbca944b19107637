"""What must be true of a queue when the dust has settled, whatever was killed, cut or frozen meanwhile."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from math import inf

from app.jobs.types import JobRow, JobState

RESCUED = "Stuck job rescued by JobRescuer"


@dataclass(frozen=True, slots=True)
class Interval:
    """Some client did something from one moment to another, by the machine's clock, which all processes share."""

    client: str
    began: float
    ended: float | None
    """None: it was not there to tell any more."""


@dataclass(frozen=True, slots=True)
class AttemptInterval(Interval):
    job_id: int
    attempt: int
    attempted_at: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a worker committed in a transaction of its own; `with_job`: together with the end of its job."""

    job_id: int
    attempt: int
    client: str
    with_job: bool


@dataclass(frozen=True, slots=True)
class Journal:
    """All that is known from elsewhere than the queue's own rows."""

    inserted: Collection[int]
    """Ids whose insert was acknowledged."""
    attempts: Sequence[AttemptInterval]
    effects: Sequence[Effect]
    terms: Sequence[Interval] = ()
    """When each client believed that it leads."""
    deaths: Mapping[str, float] = field(default_factory=dict)
    """When which client was killed."""
    cut_off: Collection[str] = ()
    """Clients that could not say that they live: only of these and of the dead may jobs be taken away."""
    crashes: Sequence[float] = ()
    """When PostgreSQL was killed. River keeps the lease in an unlogged table, which recovery empties: whoever led goes
    on until its next renewal tells it otherwise, while another may be elected at once."""

    def end_of(self, interval: Interval) -> float:
        return self.deaths.get(interval.client, inf) if interval.ended is None else interval.ended


def check_invariants(rows: Sequence[JobRow], journal: Journal) -> list[str]:
    """Return every broken invariant in words; nothing when all hold. To be asked when no client works any more."""
    return [
        *_lost(rows, journal),
        *_unfinished(rows, journal),
        *_miscounted(rows, journal),
        *_without_effect(rows, journal),
        *_worked_by_two(rows, journal),
        *_taken_from_the_living(rows, journal),
        *_led_by_two(journal),
    ]


def _lost(rows: Sequence[JobRow], journal: Journal) -> Iterator[str]:
    for job_id in set(journal.inserted) - {row.id for row in rows}:
        yield f"job {job_id} is lost"


def _unfinished(rows: Sequence[JobRow], journal: Journal) -> Iterator[str]:
    for row in rows:
        if row.state is not JobState.COMPLETED:
            yield f"job {row.id} is stuck: {row.state}"
    for one in journal.attempts:
        if journal.end_of(one) == inf:
            yield f"attempt {one.attempt} at job {one.job_id} never ended, and nobody killed {one.client}"


def _miscounted(rows: Sequence[JobRow], journal: Journal) -> Iterator[str]:
    """A completed job had one attempt more than errors, and was begun at most once for each claim."""
    begun = Counter(one.job_id for one in journal.attempts)
    for row in rows:
        if row.attempt != len(row.errors) + 1:
            yield f"job {row.id} counts {row.attempt} attempts and {len(row.errors)} errors"
        if [error.attempt for error in row.errors] != list(range(1, len(row.errors) + 1)):
            yield f"job {row.id} has errors of attempts {[error.attempt for error in row.errors]}"
        if not row.attempt <= len(row.attempted_by):
            yield f"job {row.id} counts {row.attempt} attempts and {len(row.attempted_by)} claims"
        if begun[row.id] > len(row.attempted_by):
            yield f"job {row.id} was claimed {len(row.attempted_by)} times and begun {begun[row.id]} times"
    claims = Counter((one.job_id, one.attempted_at) for one in journal.attempts)
    for (job_id, attempted_at), times in claims.items():
        if times > 1:
            yield f"job {job_id}: its claim of {attempted_at} was begun {times} times"


def _without_effect(rows: Sequence[JobRow], journal: Journal) -> Iterator[str]:
    """A completed job had its effect, and exactly one if effect and completion were committed together."""
    effects = defaultdict[int, list[Effect]](list)
    for effect in journal.effects:
        effects[effect.job_id].append(effect)
    for row in rows:
        had = effects[row.id]
        if row.state is JobState.COMPLETED and not had:
            yield f"job {row.id} is completed without its effect"
        if len(had) > 1 and any(effect.with_job for effect in had):
            yield f"job {row.id} had its effect {len(had)} times although it was committed with the job"
        if any(effect.attempt > row.attempt for effect in had):
            yield f"job {row.id} had an effect of an attempt it does not count"


def _worked_by_two(rows: Sequence[JobRow], journal: Journal) -> Iterator[str]:
    """Two attempts at one job never overlap, unless the earlier one was cut off and therefore taken away."""
    rescued = _rescued(rows)
    attempts = defaultdict[int, list[AttemptInterval]](list)
    for one in journal.attempts:
        attempts[one.job_id].append(one)
    for job_id, of_job in attempts.items():
        for first, second in combinations(sorted(of_job, key=lambda one: one.began), 2):
            was_taken_away = first.client in journal.cut_off and (job_id, first.attempt) in rescued
            if second.began < journal.end_of(first) and not was_taken_away:
                yield f"job {job_id} was worked by {first.client} and {second.client} at once"


def _taken_from_the_living(rows: Sequence[JobRow], journal: Journal) -> Iterator[str]:
    unseen = {*journal.deaths, *journal.cut_off}
    holders = {(one.job_id, one.attempt): one.client for one in journal.attempts}
    for key in sorted(_rescued(rows)):
        if key in holders and holders[key] not in unseen:
            yield f"job {key[0]} was taken from {holders[key]}, which lived"


def _rescued(rows: Sequence[JobRow]) -> set[tuple[int, int]]:
    return {(row.id, error.attempt) for row in rows for error in row.errors if error.error == RESCUED}


def _led_by_two(journal: Journal) -> Iterator[str]:
    for first, second in pairwise(sorted(journal.terms, key=lambda term: term.began)):
        lease_was_emptied = any(first.began <= crash <= second.began for crash in journal.crashes)
        if second.began < journal.end_of(first) and not lease_was_emptied:
            yield f"{first.client} and {second.client} led at once"
