"""River's generated fixtures, as they come out of a checkout: unique keys, its protocol's values, cron, snoozes.

Not collected with the other tests, for without a checkout there is nothing to read: `make conformance` runs it as a
tier of its own. Every check is a case of River's; none is left out, and a case of a new kind fails.
"""

import json
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import psycopg
import pytest

from app.errors import InvalidInput
from app.jobs import Client, ClientConfig, InsertOpts, JobArgs, RiverRetryPolicy, UniqueOpts, cron, go_json
from app.jobs.args import UNIQUE
from app.jobs.attempt_error import encode_attempt_error
from app.jobs.driver import unique_nonce
from app.jobs.driver.psycopg_driver import PsycopgDriver
from app.jobs.executor import LARGEST_SNOOZES
from app.jobs.go_time import parse_go_time
from app.jobs.maintenance.periodic_job_enqueuer import PERIODIC_JOB_ID_KEY
from app.jobs.periodic import NEVER
from app.jobs.resumable import CURSOR_KEY, STEP_KEY
from app.jobs.testing import make_job
from app.jobs.types import UNIQUE_STATE_BITS, AttemptError, JobState, Topic
from app.jobs.unique import check_unique_opts, unique_key, unique_states
from tests.fixtures.announcements import announced
from tests.fixtures.jobs import JobFactory

FOLDER = Path(os.environ["RIVER_CHECKOUT"]) / "conformance" / "testdata"
MICROSECOND = 1_000
"""In nanoseconds. Times have no finer step here."""

NEXT_TIMES = 5
"""How many River looks for; a schedule that ends earlier has fewer."""

T = TypeVar("T")


class UniqueOptions(msgspec.Struct, forbid_unknown_fields=True):
    by_args: bool
    by_period_nanos: int
    by_queue: bool
    exclude_kind: bool
    by_state: list[JobState] | None = None

    def opts(self) -> UniqueOpts:
        return UniqueOpts(
            by_args=self.by_args,
            by_period=timedelta(microseconds=self.by_period_nanos // MICROSECOND) if self.by_period_nanos else None,
            by_queue=self.by_queue,
            by_state=frozenset(self.by_state) if self.by_state is not None else None,
            exclude_kind=self.exclude_kind,
        )


class UniqueCase(msgspec.Struct, forbid_unknown_fields=True):
    args: msgspec.Raw
    expected_state_mask: int
    kind: str
    name: str
    now: str
    options: UniqueOptions
    queue: str
    scheduled_at: str | None
    selected_unique_paths: list[str] | None
    selected_unique_components: list[list[str]] | None = None
    expected_error: str | None = None
    expected_sha256: str | None = None


class UniqueKeys(msgspec.Struct):
    cases: list[UniqueCase]
    typed_only_cases: list[UniqueCase]


class CronCase(msgspec.Struct, forbid_unknown_fields=True):
    expression: str
    from_: str = msgspec.field(name="from")
    name: str
    next: list[str]


class CronSchedules(msgspec.Struct):
    cron_cases: list[CronCase]
    cron_invalid: list[str]
    cron_named_zone_cases: list[CronCase]


class SnoozeCase(msgspec.Struct, forbid_unknown_fields=True):
    expected_snoozes: int
    metadata: msgspec.Raw
    name: str


class SnoozeCounters(msgspec.Struct):
    snooze_counters: list[SnoozeCase]


class StateCase(msgspec.Struct, forbid_unknown_fields=True):
    state: JobState
    unique_bit: int


class NotificationCase(msgspec.Struct):
    name: str
    payload: msgspec.Raw
    source: str
    topic: Topic


class RetryCase(msgspec.Struct):
    error_count: int
    max_delay_ns: int
    min_delay_ns: int
    now: str


class ProtocolValues(msgspec.Struct):
    attempt_error: msgspec.Raw
    job_states: list[StateCase]
    metadata_keys: dict[str, str]
    notifications: list[NotificationCase]
    retry_cases: list[RetryCase]
    topics: dict[str, str]


def read(name: str, kind: type[T]) -> T:
    return msgspec.json.decode((FOLDER / name).read_bytes(), type=kind)


KEYS = read("unique_keys.json", UniqueKeys)
PROTOCOL = read("protocol_values.json", ProtocolValues)
CRON = read("cron_schedules.json", CronSchedules)
SNOOZES = read("snooze_counters.json", SnoozeCounters)


def named(case: Any) -> str:
    return str(case.name)


class EchoArgs(JobArgs, kind="conformance_echo"):
    pass


# -- unique keys


def tagged(paths: Sequence[Sequence[str]]) -> type[Any]:
    """Make the type whose tagged fields are these: fields are numbered, for River's names are no Python."""
    within: dict[str, list[Sequence[str]]] = {}
    for name, *rest in paths:
        within.setdefault(f"{name}\0{bool(rest)}", []).append(rest)
    fields: list[tuple[str, Any, Any]] = []
    names: dict[str, str] = {}
    for number, (name, rests) in enumerate(within.items()):
        names[f"field_{number}"] = name.split("\0")[0]
        field = tagged(rests) if any(rests) else Annotated[Any, UNIQUE]
        fields.append((f"field_{number}", field, None))
    return msgspec.defstruct("Tagged", fields, rename=names)


def ordered(pairs: list[tuple[str, Any]]) -> Any:
    """Make a struct of an object, so that our encoder writes its members in the order River did."""
    names = {f"field_{number}": name for number, (name, _value) in enumerate(pairs)}
    kind = msgspec.defstruct("Ordered", [(field, Any) for field in names], rename=names)
    return kind(*(value for _name, value in pairs))


def number(text: str) -> int | float:
    whole = int(text)
    return float(text) if not -(2**63) <= whole < 2**64 or text == "-0" else whole


@pytest.mark.parametrize("case", [*KEYS.cases, *KEYS.typed_only_cases], ids=named)
def test_unique_key(case: UniqueCase) -> None:
    opts = case.options.opts()
    assert check_unique_opts(opts)
    assert unique_states(opts) == case.expected_state_mask

    def key() -> str:
        return unique_key(
            opts,
            kind=case.kind,
            args_type=tagged(case.selected_unique_components) if case.selected_unique_components else dict,
            encoded_args=go_json.compact(bytes(case.args)),
            queue=case.queue,
            base_time=parse_go_time(case.scheduled_at or case.now),
        ).hex()

    if case.expected_error is None:
        assert key() == case.expected_sha256
    else:
        assert case.expected_error == "rejected"
        with pytest.raises(InvalidInput):
            key()


def is_from_a_struct(case: UniqueCase) -> bool:
    """Tell whether the names can be a struct's. River wrote the others by hand, in no order of any encoder."""
    return "\\" not in "".join(re.findall(r'("(?:[^"\\]|\\.)*")\s*:', bytes(case.args).decode()))


@pytest.mark.parametrize("case", [case for case in KEYS.cases if is_from_a_struct(case)], ids=named)
def test_args_are_written_in_rivers_bytes(case: UniqueCase) -> None:
    value = json.loads(bytes(case.args), object_pairs_hook=ordered, parse_int=number)
    assert go_json.encode(value) == go_json.compact(bytes(case.args))


# -- values of the protocol


@pytest.mark.parametrize("case", PROTOCOL.job_states, ids=lambda case: case.state)
def test_state(case: StateCase) -> None:
    assert UNIQUE_STATE_BITS[case.state] == case.unique_bit


def test_there_are_no_other_states() -> None:
    assert {case.state for case in PROTOCOL.job_states} == set(JobState)


@pytest.mark.parametrize(("name", "key"), PROTOCOL.metadata_keys.items())
def test_metadata_key(name: str, key: str) -> None:
    rescue = (Path(unique_nonce.__file__).parent / "queries" / "job_rescue_many.sql").read_text("utf-8")
    output = make_job(EchoArgs())
    output.record_output(1)
    ours = {
        "output": next(iter(output.staged_metadata)),
        "periodic_job_id": PERIODIC_JOB_ID_KEY,
        "rescue_count": key if f"'{key}'" in rescue else "",
        "resumable_cursor": CURSOR_KEY,
        "resumable_step": STEP_KEY,
        "unique_nonce": unique_nonce.KEY,
    }
    assert ours[name] == key


@pytest.mark.parametrize(("name", "topic"), PROTOCOL.topics.items())
def test_topic(name: str, topic: str) -> None:
    assert Topic[name.upper()] == topic


async def test_attempt_error(factory: JobFactory) -> None:
    theirs = go_json.compact(bytes(PROTOCOL.attempt_error))
    (read_back,) = (await factory.job(errors=[theirs.decode()])).errors
    at = parse_go_time(msgspec.json.decode(theirs)["at"])

    assert read_back == AttemptError(at, read_back.attempt, read_back.error, read_back.trace)
    assert encode_attempt_error(read_back.at, read_back.attempt, read_back.error, read_back.trace) == theirs


@pytest.mark.parametrize("case", PROTOCOL.retry_cases, ids=lambda case: str(case.error_count))
def test_retry_delay(case: RetryCase) -> None:
    now = parse_go_time(case.now)
    job = make_job(EchoArgs()).row
    job.errors = [AttemptError(now, 1, "", "")] * (case.error_count - 1)

    def delay(uniform: Callable[[float, float], float]) -> int:
        return (RiverRetryPolicy(uniform=uniform).next_retry(job, now) - now) // timedelta(microseconds=1) * MICROSECOND

    assert case.min_delay_ns == pytest.approx(delay(lambda low, _high: low), abs=MICROSECOND)
    assert case.max_delay_ns == pytest.approx(delay(lambda _low, high: high), abs=MICROSECOND)


async def insert(client: Client, _driver: PsycopgDriver, _connection: Any) -> None:
    await client.insert(EchoArgs(), InsertOpts(queue="priority"))


async def cancel(client: Client, _driver: PsycopgDriver, connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(
        "INSERT INTO river.river_job (id, kind, args, max_attempts, queue) VALUES (42, 'test', '{}', 1, 'priority')"
    )
    await client.jobs.cancel(42)


async def metadata_changed(client: Client, _driver: PsycopgDriver, _connection: Any) -> None:
    await client.queues.update("priority", metadata={"owner": "candidate"})


async def pause(client: Client, _driver: PsycopgDriver, _connection: Any) -> None:
    await client.queues.pause("priority")


async def resume(client: Client, driver: PsycopgDriver, _connection: Any) -> None:
    await driver.queue_pause("priority")
    await client.queues.resume("priority")


async def request_resign(client: Client, _driver: PsycopgDriver, _connection: Any) -> None:
    await client.request_resign()


async def resigned(_client: Client, driver: PsycopgDriver, _connection: Any) -> None:
    term = await driver.leader_attempt_elect(leader_id="client-1", ttl=15)
    assert term is not None
    await driver.leader_resign(leader_id="client-1", elected_at=term.elected_at)


ANNOUNCED_BY: dict[str, Callable[[Client, PsycopgDriver, Any], Awaitable[None]]] = {
    function.__name__: function
    for function in (cancel, insert, metadata_changed, pause, request_resign, resigned, resume)
}


@pytest.mark.parametrize("case", PROTOCOL.notifications, ids=named)
async def test_notification(
    case: NotificationCase, driver: PsycopgDriver, connection: psycopg.AsyncConnection[Any]
) -> None:
    await driver.queue_create_or_set_updated_at("priority")
    client = Client(driver, ClientConfig())

    async with announced(driver, case.topic) as heard:
        await ANNOUNCED_BY[case.name](client, driver, connection)

    (payload,) = heard
    if ".sql:" in case.source:  # written by PostgreSQL, in an order of its own
        assert json.loads(payload) == json.loads(bytes(case.payload))
    else:
        assert go_json.compact(payload.encode()) == go_json.compact(bytes(case.payload))


# -- cron and snoozes


def next_times(case: CronCase) -> list[datetime]:
    schedule, time = cron(case.expression), parse_go_time(case.from_)
    found: list[datetime] = []
    while len(found) < NEXT_TIMES and (time := schedule.next(time)) != NEVER:
        found.append(time)
    return found


@pytest.mark.parametrize("case", [*CRON.cron_cases, *CRON.cron_named_zone_cases], ids=named)
def test_cron(case: CronCase) -> None:
    found = next_times(case)
    assert found == [parse_go_time(text) for text in case.next]
    assert {time.utcoffset() for time in found} <= {parse_go_time(case.from_).utcoffset()}


@pytest.mark.parametrize("expression", CRON.cron_invalid)
def test_invalid_cron(expression: str) -> None:
    with pytest.raises(InvalidInput):
        cron(expression)


@pytest.mark.parametrize("case", SNOOZES.snooze_counters, ids=named)
def test_snooze_counter(case: SnoozeCase) -> None:
    row = make_job(EchoArgs()).row
    row.metadata = bytes(case.metadata)
    assert min(row.snoozes + 1, LARGEST_SNOOZES) == case.expected_snoozes
