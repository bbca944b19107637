"""What a job may keep in its metadata."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.jobs.job import Job
from app.jobs.staged import LARGEST_OUTPUT, encode_patch, encode_staged

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=10,
)


@given(st.dictionaries(ANY_TEXT, ANY_JSON, max_size=4))
def test_any_json_becomes_an_object_that_jsonb_takes(staged):
    encoded = encode_patch(staged)
    assert isinstance(json.loads(encoded), dict)
    assert b"\\u0000" not in encoded.replace(b"\\\\", b"")


def test_numbers_keep_every_digit():
    assert encode_patch({"n": 10**30, "m": msgspec.Raw(b"0.1000000000000000000000000000000001")}) == (
        b'{"n":1000000000000000000000000000000,"m":0.1000000000000000000000000000000001}'
    )


@pytest.mark.parametrize("value", [object(), {1: object()}, [10**40, object()]])
def test_what_is_no_json_is_refused_where_it_is_said(value):
    with pytest.raises(InvalidInput, match="is no JSON"):
        encode_staged("output", value)


def test_a_circle_is_refused():
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(InvalidInput):
        encode_staged("output", circle)


def test_an_output_has_a_limit():
    assert encode_staged("output", "x" * (LARGEST_OUTPUT - 2))
    with pytest.raises(InvalidInput, match="at most 33554432"):
        encode_staged("output", "x" * (LARGEST_OUTPUT - 1))


def test_rivers_keys_are_not_for_workers():
    job = Job.__new__(Job)
    job.staged_metadata = {}
    with pytest.raises(InvalidInput, match="belong to River"):
        job.metadata_set("river:log", 1)
