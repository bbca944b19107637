"""Unique keys to the byte: what River wrote, we must write (contract 7, conformance 5.1)."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.jobs import go_json
from app.jobs.args import UNIQUE
from app.jobs.insert_opts import UniqueOpts
from app.jobs.types import JobState
from app.jobs.unique import (
    DEFAULT_STATES,
    REQUIRED_STATES,
    check_unique_opts,
    period_start,
    unique_args,
    unique_fields,
    unique_key,
    unique_states,
)

COMPAT = json.loads((Path(__file__).parents[1] / "compat" / "unique_keys.json").read_text("utf-8"))
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_900, UTC)

Unique = Annotated[str, UNIQUE]


class Account(msgspec.Struct):
    id: Unique
    region: Unique
    name: str


class Selected(msgspec.Struct, rename={"path_key": "path/key"}):
    path_key: Unique
    account: Account
    other: int


class Optional(msgspec.Struct):
    label: Annotated[str | None, UNIQUE] = None
    omit: Unique = ""
    account: Annotated[Account | None, UNIQUE] = None


class Simple(msgspec.Struct):
    b: int
    a: str


class Whole(msgspec.Struct):
    inner: Annotated[Simple, UNIQUE]
    z: int


class Omit(msgspec.Struct):
    a: Unique = ""
    n: int = 0


class Twice(msgspec.Struct):
    first: Account
    second: Annotated[Account, UNIQUE]
    third: Account


class User(msgspec.Struct):
    id: Unique


class Literal(
    msgspec.Struct,
    rename={
        "a": "@user",
        "b": "!x",
        "c": "{x}",
        "d": "[x]",
        "e": ":id",
        "f": "user.id",
        "h": "a*b?c#d|e",
        "i": "é",
        "j": "a<b",
    },
):
    a: Unique
    b: Unique
    c: Unique
    d: Unique
    e: Unique
    f: Unique
    user: User
    h: Unique
    i: Unique
    j: Unique


STRUCTS = {struct.__name__: struct for struct in (Selected, Optional, Whole, Omit, Twice, Literal)}


@pytest.mark.parametrize("vector", COMPAT["vectors"], ids=lambda vector: vector["name"])
def test_river_made_the_same_key(vector):
    period = vector["by_period_seconds"]
    opts = UniqueOpts(
        by_args=vector["by_args"],
        by_period=period and timedelta(seconds=period),
        by_queue=vector["by_queue"],
        exclude_kind=vector["exclude_kind"],
    )

    key = unique_key(
        opts,
        kind=vector["kind"],
        args_type=STRUCTS.get(vector["struct"], dict),
        encoded_args=vector["encoded_args"].encode(),
        queue=vector["queue"],
        base_time=datetime.fromisoformat(vector["scheduled_at"] or vector["now"]),
    )

    assert key.hex() == vector["sha256"]


def test_a_vector_could_fail():
    """Control: one character more, and the key is another."""
    vector = next(vector for vector in COMPAT["vectors"] if vector["name"] == "sorted keys")
    args = {"args_type": dict, "queue": "default", "base_time": NOW, "kind": "k"}

    right = unique_key(UniqueOpts(by_args=True), encoded_args=b'{"b":1,"a":2}', **args)
    wrong = unique_key(UniqueOpts(by_args=True), encoded_args=b'{"b":1,"a":2.0}', **args)

    assert right.hex() == vector["sha256"] != wrong.hex()


@pytest.mark.parametrize("args", ["[1]", "null", '"text"', "1", "true"])
def test_args_that_are_no_object_cannot_be_unique(args):
    with pytest.raises(InvalidInput) as caught:
        unique_args(dict, args.encode())

    assert caught.value.field == "unique.by_args"


def test_blanks_around_members_do_not_count_and_those_within_values_do():
    assert unique_args(dict, b' { "b" : {"z": 1, "a":2} , "a" :[ 1] } ') == '{"a":[ 1],"b":{"z": 1, "a":2}}'
    assert unique_args(dict, b" { } ") == unique_args(dict, b"") == unique_args(dict, b" [ ] ") == "{}"


def test_numbers_are_copied_not_read():
    text = '{"a":1e400,"b":' + "9" * 5_000 + ',"c":1.10,"d":-0}'

    assert unique_args(dict, text.encode()) == text


def test_the_paths_of_tagged_fields():
    assert unique_fields(Selected) == (("account", "id"), ("account", "region"), ("path/key",))
    assert unique_fields(Whole) == (("inner",),)
    assert unique_fields(Simple) == ()
    assert unique_fields(Optional)[0] == ("account", "id")


def test_lists_and_dicts_are_not_looked_into():
    class Deep(msgspec.Struct):
        many: list[Account]
        by_name: dict[str, Account]
        either: Account | int
        tagged: Annotated[list[Account], UNIQUE]

    assert unique_fields(Deep) == (("tagged",),)


def test_a_type_within_itself_counts_as_a_whole():
    assert unique_fields(Node) == (("child",), ("id",))


class Node(msgspec.Struct):
    id: Unique
    child: Annotated["Node | None", UNIQUE] = None


def test_a_missing_struct_is_left_out():
    assert unique_args(Optional, b'{"label":"x","account":null}') == '{"label":"x"}'


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.text("a<é")))
def test_the_order_of_the_members_does_not_matter(value):
    backwards = dict(reversed(value.items()))

    def key(value):
        encoded = ("{" + ",".join(f"{json.dumps(k)}:{json.dumps(v)}" for k, v in value.items()) + "}").encode()
        return unique_args(dict, encoded)

    assert key(value) == key(backwards)
    assert json.loads(key(value)) == value


@given(
    st.datetimes(timezones=st.just(UTC)).filter(lambda time: 1 < time.year < 9900),
    st.timedeltas(timedelta(seconds=1), timedelta(days=4000)),
)
def test_a_period_holds_its_time(time, period):
    whole = period - timedelta(microseconds=period.microseconds)
    start = period_start(time, whole)

    assert start <= time < start + whole
    assert period_start(start, whole) == start
    assert period_start(start + whole, whole) == start + whole


def test_the_zone_of_the_time_does_not_matter():
    here = NOW.astimezone(ZoneInfo("America/Chicago"))
    opts = UniqueOpts(by_period=timedelta(days=1))
    rest = {"kind": "k", "args_type": dict, "encoded_args": b"{}", "queue": "q"}

    assert unique_key(opts, base_time=here, **rest) == unique_key(opts, base_time=NOW, **rest)


def test_states_are_no_part_of_the_key():
    rest = {"kind": "k", "args_type": dict, "encoded_args": b"{}", "queue": "q", "base_time": NOW}

    assert unique_key(UniqueOpts(by_state=REQUIRED_STATES), **rest) == hashlib.sha256(b"&kind=k").digest()


def test_the_byte_of_the_states():
    assert unique_states(UniqueOpts()) == 245
    assert unique_states(UniqueOpts(by_state=DEFAULT_STATES - {JobState.RETRYABLE})) == 213
    assert unique_states(UniqueOpts(by_state=frozenset(JobState))) == 255
    assert unique_states(UniqueOpts(by_state=REQUIRED_STATES)) == 0b11010001


@pytest.mark.parametrize(
    ("field", "opts"),
    [
        ("unique.by_period", UniqueOpts(by_period=timedelta(milliseconds=999))),
        ("unique.by_period", UniqueOpts(by_period=timedelta(0))),
        ("unique.by_period", UniqueOpts(by_period=timedelta(seconds=-1))),
        ("unique.exclude_kind", UniqueOpts(exclude_kind=True)),
        ("unique.by_state", UniqueOpts(by_state=frozenset())),
        *(("unique.by_state", UniqueOpts(by_state=frozenset(JobState) - {state})) for state in REQUIRED_STATES),
    ],
)
def test_contradictions_are_named(field, opts):
    with pytest.raises(InvalidInput) as caught:
        check_unique_opts(opts)

    assert caught.value.field == field


def test_what_asks_for_uniqueness():
    assert not check_unique_opts(UniqueOpts())
    assert check_unique_opts(UniqueOpts(by_args=True))
    assert check_unique_opts(UniqueOpts(by_queue=True, exclude_kind=True))
    assert check_unique_opts(UniqueOpts(by_period=timedelta(seconds=1)))
    assert check_unique_opts(UniqueOpts(by_state=REQUIRED_STATES))


def test_encoding_and_hashing_fit_together():
    encoded = go_json.encode(Selected("s<", Account("i", "r", "n"), 1))

    assert unique_args(Selected, encoded) == '{"account":{"id":"i","region":"r"},"path/key":"s\\u003c"}'
