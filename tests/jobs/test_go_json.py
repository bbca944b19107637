"""Go's bytes: vectors that Go wrote, and properties for the rest."""

import enum
import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jobs import go_json
from app.jobs.go_time import go_time, parse_go_time

COMPAT = json.loads((Path(__file__).parents[1] / "compat" / "go_json.json").read_text("utf-8"))

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e15, 1e15) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@pytest.mark.parametrize("vector", COMPAT["floats"], ids=lambda vector: vector["value"])
def test_floats_as_go_writes_them(vector):
    assert go_json.encode(float(vector["value"])).decode() == vector["text"]


@pytest.mark.parametrize("vector", COMPAT["values"], ids=lambda vector: vector["text"][:20])
def test_values_as_go_writes_them(vector):
    assert go_json.encode(vector["value"]).decode() == vector["text"]


@given(FLOATS)
def test_a_float_reads_back_as_itself(value):
    text = go_json.encode_float(value)

    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert float(text) == value


@given(VALUES)
def test_a_value_reads_back_as_itself(value):
    encoded = go_json.encode(value)

    assert json.loads(encoded) == value
    assert not {b"<", b">", b"&"} & {encoded[n : n + 1] for n in range(len(encoded))}
    assert json.loads(go_json.compact(json.dumps(value, indent=1).encode())) == value


@given(st.dictionaries(TEXTS, st.integers(0, 9)))
def test_the_keys_of_a_dict_stand_by_their_bytes(value):
    keys = list(json.loads(go_json.encode(value)))

    assert [key.encode() for key in keys] == sorted(key.encode() for key in value)


class Colour(enum.Enum):
    RED = "<red>"


class Inner(msgspec.Struct):
    z: int
    a: str


class Plain(msgspec.Struct, rename={"b": "β<"}):
    b: int
    a: dict[str, Inner]
    c: list[Colour] = []
    d: bytes = b"\x00\xff\xfe"
    e: UUID | None = None
    f: tuple[date, ...] = ()


class Timed(msgspec.Struct, omit_defaults=True):
    at: datetime
    value: float = 1.0
    anything: Any = None


class Wrapper(msgspec.Struct):
    anything: Any


class Tree(msgspec.Struct):
    value: int
    children: list["Tree"] = []


def test_a_struct_keeps_the_order_of_its_fields_and_sorts_the_dicts_within():
    value = Plain(b=1, a={"b": Inner(1, "x"), "a<": Inner(2, "&")}, c=[Colour.RED], f=(date(2026, 1, 2),))

    assert go_json.encode(value).decode() == (
        '{"β\\u003c":1,"a":{"a\\u003c":{"z":2,"a":"\\u0026"},"b":{"z":1,"a":"x"}},"c":["\\u003cred\\u003e"],'
        '"d":"AP/+","e":null,"f":["2026-01-02"]}'
    )


@pytest.mark.parametrize(
    ("microsecond", "text"), [(0, ""), (500_000, ".5"), (123_456, ".123456"), (120_000, ".12"), (1, ".000001")]
)
def test_times_carry_the_shortest_fraction_and_their_offset(microsecond, text):
    time = datetime(2026, 1, 2, 3, 4, 5, microsecond, tzinfo=UTC)
    west = time.astimezone(timezone(timedelta(hours=-5)))

    assert go_json.encode(Timed(at=time)).decode() == f'{{"at":"2026-01-02T03:04:05{text}Z"}}'
    assert go_json.encode(Timed(at=west, value=1.0)).decode() == f'{{"at":"2026-01-01T22:04:05{text}-05:00"}}'


def test_values_of_any_type_are_written_as_gos():
    value = Timed(at=datetime(1, 1, 1, tzinfo=UTC), value=1e21, anything=[1.0, {"b": 2.50, "a": None}])

    assert go_json.encode(value).decode() == (
        '{"at":"0001-01-01T00:00:00Z","value":1e+21,"anything":[1,{"a":null,"b":2.5}]}'
    )


def test_a_type_that_holds_itself_ends():
    assert go_json.encode(Tree(1, [Tree(2)])) == b'{"value":1,"children":[{"value":2,"children":[]}]}'


@given(st.builds(Inner, st.integers(-(2**63), 2**63 - 1), TEXTS))
def test_the_quick_way_and_the_long_way_agree(value):
    long = go_json.encode(Wrapper(anything=value))

    assert long == b'{"anything":' + go_json.encode(value) + b"}"
    assert json.loads(go_json.encode(value)) == {"z": value.z, "a": value.a}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [math.nan], "\ud800", {"a": {"\udfff": 1}}])
def test_what_is_no_json_is_refused(value):
    with pytest.raises(ValueError, match=r"has no JSON|surrogates not allowed"):
        go_json.encode(value)


@pytest.mark.parametrize("value", [object(), {1: 2}, msgspec.Raw(b"1")])
def test_what_has_no_json_is_refused(value):
    with pytest.raises(TypeError):
        go_json.encode(value)


def test_not_a_number_within_a_struct_is_refused():
    """msgspec alone would write null, which no reader of the type could decode."""
    with pytest.raises(ValueError, match="nan has no JSON"):
        go_json.encode(Timed(at=datetime.now(UTC), value=math.nan))


def test_compacting_keeps_the_numbers_as_they_are_written():
    assert go_json.compact(b' { "a" : 1.10 , "b": [ 1e400, "<\\u00e9 x>" ] } ') == (
        b'{"a":1.10,"b":[1e400,"\\u003c\\u00e9 x\\u003e"]}'
    )


@given(st.datetimes(timezones=st.timezones()).filter(lambda time: 1 < time.year < 9999))
def test_a_time_reads_back_as_the_same_instant(time):
    text = go_time(time)

    assert parse_go_time(text) == time.astimezone(UTC)
    assert text.endswith("Z")
    assert not text.removesuffix("Z").partition(".")[2].endswith("0")


def test_times_of_go_are_read():
    assert parse_go_time("2026-01-02T03:04:05.678901234+05:30") == datetime(2026, 1, 1, 21, 34, 5, 678901, UTC)
    for text in ("2026-01-02 03:04", "2026-01-02T03:04:05", "yesterday"):
        with pytest.raises(ValueError, match=r"without an offset|Invalid RFC3339"):
            parse_go_time(text)
