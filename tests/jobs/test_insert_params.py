"""Whose word counts, and what makes no sense (contract 8.1)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest

from app.errors import InvalidInput
from app.jobs.args import UNIQUE, JobArgs
from app.jobs.insert_opts import InsertOpts, UniqueOpts
from app.jobs.insert_params import resolve
from app.jobs.types import JobState
from app.jobs.unique import unique_key

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_900, UTC)
LATER = NOW + timedelta(days=1)


class PlainArgs(JobArgs, kind="test.plain"):
    value: Any = None


class WordyArgs(JobArgs, kind="test.wordy"):
    key: Annotated[str, UNIQUE] = "k"
    other: int = 0

    @classmethod
    def insert_opts(cls):
        return InsertOpts(
            queue="kinds",
            priority=3,
            max_attempts=7,
            tags=("kind-tag",),
            scheduled_at=LATER,
            unique=UniqueOpts(by_args=True),
        )


def resolved(args=None, opts=None, **client):
    return resolve(args or PlainArgs(), opts, now=NOW, **client)


def test_with_nothing_said_rivers_defaults_hold():
    params = resolved()

    assert (params.queue, params.priority, params.max_attempts, params.tags) == ("default", 1, 25, [])
    assert (params.state, params.created_at, params.scheduled_at) == (JobState.AVAILABLE, NOW, NOW)
    assert (params.encoded_args, params.metadata) == (b'{"value":null}', b"{}")
    assert (params.unique_key, params.unique_states) == (None, None)


def test_the_kinds_word_counts_more_than_the_clients():
    params = resolved(WordyArgs(), max_attempts=9)

    assert (params.queue, params.priority, params.max_attempts, params.tags) == ("kinds", 3, 7, ["kind-tag"])
    assert (params.state, params.scheduled_at) == (JobState.SCHEDULED, LATER)
    assert params.unique_key is not None
    assert resolved(max_attempts=9).max_attempts == 9


def test_the_calls_word_counts_most():
    params = resolved(
        WordyArgs(),
        InsertOpts(queue="calls", priority=1, max_attempts=2, tags=(), scheduled_at=NOW, metadata={"a": 1.0}),
    )

    assert (params.queue, params.priority, params.max_attempts, params.tags) == ("calls", 1, 2, [])
    assert (params.scheduled_at, params.metadata) == (NOW, b'{"a":1}')


def test_zero_means_not_said():
    params = resolved(WordyArgs(), InsertOpts(priority=0, max_attempts=0, queue=""))

    assert (params.queue, params.priority, params.max_attempts) == ("kinds", 3, 7)


def test_unique_opts_are_taken_as_a_whole():
    def key(unique):
        return resolved(WordyArgs(), InsertOpts(unique=unique)).unique_key

    by_kinds = resolved(WordyArgs()).unique_key
    assert key(UniqueOpts()) == key(None) == by_kinds
    assert key(UniqueOpts(by_queue=True)) not in {by_kinds, None}


def test_a_time_to_start_makes_it_scheduled_even_in_the_past():
    params = resolved(opts=InsertOpts(scheduled_at=NOW - timedelta(days=1)))

    assert (params.state, params.scheduled_at, params.created_at) == (JobState.SCHEDULED, NOW - timedelta(days=1), NOW)


def test_pending_wins_over_a_time_to_start():
    params = resolved(opts=InsertOpts(pending=True, scheduled_at=LATER))

    assert (params.state, params.scheduled_at) == (JobState.PENDING, LATER)


def test_only_the_tagged_field_makes_it_unique():
    def key(**values):
        return resolved(WordyArgs(**values)).unique_key

    assert key(key="a", other=1) == key(key="a", other=2) != key(key="b", other=1)
    assert resolved(WordyArgs()).unique_states == 245


def test_the_period_counts_from_the_time_to_start():
    unique = UniqueOpts(by_period=timedelta(hours=1))
    params = resolved(opts=InsertOpts(scheduled_at=LATER, unique=unique))

    expected = unique_key(
        unique, kind="test.plain", args_type=PlainArgs, encoded_args=b"", queue="default", base_time=LATER
    )
    assert params.unique_key == expected != resolved(opts=InsertOpts(unique=unique)).unique_key


def test_metadata_as_bytes_keeps_every_digit():
    assert resolved(opts=InsertOpts(metadata=b'{"a": 1.10e400}')).metadata == b'{"a": 1.10e400}'
    assert resolved(opts=InsertOpts(metadata={})).metadata == b"{}"


@pytest.mark.parametrize(
    ("field", "opts"),
    [
        ("queue", {"queue": "Not A Queue"}),
        ("queue", {"queue": "a" * 65}),
        ("priority", {"priority": -1}),
        ("priority", {"priority": 5}),
        ("max_attempts", {"max_attempts": -1}),
        ("tags", {"tags": ("ok-tag", "a,c")}),
        ("metadata", {"metadata": b"[1]"}),
        ("metadata", {"metadata": b"no json"}),
        ("metadata", {"metadata": {"a": object()}}),
        ("metadata", {"metadata": {"a": "\x00"}}),
        ("metadata", {"metadata": b'{"a": "\\\\\\u0000"}'}),
        ("scheduled_at", {"scheduled_at": datetime(2026, 1, 1)}),  # noqa: DTZ001  naive is the point
        ("unique.exclude_kind", {"unique": UniqueOpts(exclude_kind=True)}),
        ("unique.by_period", {"unique": UniqueOpts(by_period=timedelta(milliseconds=1))}),
    ],
)
def test_what_makes_no_sense_is_named(field, opts):
    with pytest.raises(InvalidInput) as caught:
        resolved(opts=InsertOpts(**opts))

    assert caught.value.field == field


@pytest.mark.parametrize("value", [float("nan"), object(), "\x00", "\ud800", {1: 2}, {"a\x00": 1}])
def test_args_that_cannot_be_stored_are_refused(value):
    with pytest.raises(InvalidInput) as caught:
        resolved(PlainArgs(value=value))

    assert caught.value.field == "args"


@pytest.mark.parametrize("value", ["\\u0000", "\\\\u0000", "a\\u0000b"])
def test_a_backslash_and_u0000_is_a_text_like_any_other(value):
    assert b"u0000" in resolved(PlainArgs(value=value)).encoded_args


def test_a_kind_that_no_column_holds_is_refused():
    class LongArgs(JobArgs, kind="k" * 128):
        pass

    with pytest.raises(InvalidInput) as caught:
        resolved(LongArgs())

    assert caught.value.field == "kind"


def test_args_are_written_as_go_writes_them():
    value = {"b": 1.0, "a": "<é>"}

    assert resolved(PlainArgs(value=value)).encoded_args == '{"value":{"a":"\\u003cé\\u003e","b":1}}'.encode()
