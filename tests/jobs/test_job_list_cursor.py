"""Cursors: River's text to the byte, and whatever anybody sends us instead."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.jobs.job_list_cursor import JobListCursor

COMPAT = json.loads((Path(__file__).parents[1] / "compat" / "job_list_cursors.json").read_text("utf-8"))


def cursor_of(vector):
    time = vector["time"] and datetime.fromisoformat(vector["time"])
    return JobListCursor(vector["id"], vector["kind"], vector["queue"], vector["sort_field"], time)


@pytest.mark.parametrize("vector", COMPAT["vectors"], ids=lambda vector: vector["sort_field"])
def test_rivers_text_is_ours(vector):
    assert cursor_of(vector).encode() == vector["text"]
    assert JobListCursor.decode(vector["text"]) == cursor_of(vector)


def test_either_alphabet_is_read():
    for vector in COMPAT["vectors"]:
        text = vector["text"].replace("-", "+").replace("_", "/")
        assert JobListCursor.decode(text) == cursor_of(vector)


@given(
    st.builds(
        JobListCursor,
        st.integers(0, 2**63 - 1),
        st.text(st.characters(exclude_categories=["Cs"])),
        st.text(st.characters(exclude_categories=["Cs"])),
        st.sampled_from(["id", "time", "scheduled_at", "finalized_at"]),
        st.none() | st.datetimes(timezones=st.just(UTC)).filter(lambda time: time.year > 1),
    )
)
def test_a_cursor_reads_back_as_itself(cursor):
    assert JobListCursor.decode(cursor.encode()) == cursor


def test_a_time_of_go_with_an_offset_and_nine_digits():
    text = {"id": 1, "kind": "k", "queue": "q", "sort_field": "time", "time": "2026-01-02T03:04:05.678901234-05:00"}

    cursor = JobListCursor.decode(base64.urlsafe_b64encode(json.dumps(text).encode()).decode())

    assert cursor.time == datetime(2026, 1, 2, 8, 4, 5, 678_901, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "====",
        "e30=",
        "bnVsbA==",
        base64.b64encode(b'{"id":"1"}').decode(),
        base64.b64encode(b"\xff").decode(),
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(InvalidInput) as caught:
        JobListCursor.decode(text)

    assert caught.value.field == "after"
