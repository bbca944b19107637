"""What a listing asks of PostgreSQL (contract 12.5): conditions, order and keyset, from constants of ours only."""

from typing import Any

import msgspec

from app.errors import InvalidInput
from app.jobs import go_json
from app.jobs.driver.arrays import number_array, text_array
from app.jobs.driver.driver import JobListParams
from app.jobs.job_list_cursor import JobListCursor
from app.jobs.names import is_storable
from app.jobs.types import FINAL_STATES, JobState

MAX_LIMIT = 10_000
LARGEST_ID = 2**63 - 1
LARGEST_PRIORITY = 2**15 - 1

FILTERS = {
    "ids": "job.id = ANY (%(ids)s::bigint[])",
    "kinds": "job.kind = ANY (%(kinds)s::text[])",
    "priorities": "job.priority = ANY (%(priorities)s::smallint[])",
    "queues": "job.queue = ANY (%(queues)s::text[])",
    "tags_all": "job.tags @> %(tags_all)s::varchar[]",
    "tags_any": "job.tags && %(tags_any)s::varchar[]",
    "metadata": "job.metadata @> %(metadata)s::text::jsonb",
}

TIME_FIELDS = {JobState.RUNNING: "attempted_at", **dict.fromkeys(FINAL_STATES, "finalized_at")}
"""The time that fits a state best; scheduled_at for all others."""


def plan(params: JobListParams) -> tuple[str, str, dict[str, Any]]:
    """Return the conditions, the order and the values of a listing.

    Raises:
        InvalidInput: the order, the limit or the cursor makes no sense.
    """
    if not 1 <= params.limit <= MAX_LIMIT:
        raise InvalidInput("limit", f"must be between 1 and {MAX_LIMIT}")
    field = time_field(params)
    values = _values(params)
    conditions = [FILTERS[name] for name in values if name in FILTERS]
    if params.states:
        # One state by equality, written out: only then does the planner see the order of (state, finalized_at).
        names = ", ".join(f"'{JobState(state)}'" for state in params.states)
        conditions.append(f"job.state IN ({names})")
    if field == "finalized_at" and not _may_be_null(params, field):
        conditions.append("job.finalized_at IS NOT NULL")  # true already; the index says it too, and the planner asks
    if params.after is not None:
        conditions.append(_keyset(params, field, values))
    direction = "DESC" if params.descending else "ASC"
    order = f"job.id {direction}" if field is None else f"job.{field} {direction}, job.id {direction}"
    values["limit"] = params.limit
    return " AND ".join(conditions) or "true", order, values


def time_field(params: JobListParams) -> str | None:
    """Return the column that the listing is ordered by before the id; None: by the id alone."""
    match params.order_by:
        case "id":
            return None
        case "scheduled_at":
            return "scheduled_at"
        case "finalized_at":
            if not params.states or not FINAL_STATES.issuperset(params.states):
                raise InvalidInput("order_by", "finalized_at orders only final states: filter by them")
            return "finalized_at"
        case "time":
            return TIME_FIELDS.get(params.states[0], "scheduled_at") if params.states else "scheduled_at"
    raise InvalidInput("order_by", "must be id, time, scheduled_at or finalized_at")


def _may_be_null(params: JobListParams, field: str) -> bool:
    """Finished jobs always have their end (a constraint of the table), and all jobs their time to start."""
    is_finished = bool(params.states) and FINAL_STATES.issuperset(params.states)
    return field != "scheduled_at" and not (field == "finalized_at" and is_finished)


def _values(params: JobListParams) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, largest in (("ids", LARGEST_ID), ("priorities", LARGEST_PRIORITY)):
        if numbers := getattr(params, name):  # what no column can hold matches nothing
            values[name] = number_array([number for number in numbers if -largest <= number <= largest])
    for name in ("kinds", "queues", "tags_all", "tags_any"):
        if texts := getattr(params, name):
            values[name] = text_array([_checked_text(name, text) for text in texts])
    if params.metadata is not None:
        values["metadata"] = _checked_json(params.metadata)
    return values


def _checked_text(name: str, text: str) -> str:
    if not is_storable(text):
        raise InvalidInput(name, "holds a character that no text in PostgreSQL can have")
    return text


def _checked_json(metadata: dict[str, Any] | bytes) -> str:
    try:
        document = go_json.encode(metadata) if isinstance(metadata, dict) else metadata
        msgspec.json.decode(document, type=msgspec.Raw)
    except (TypeError, ValueError) as err:
        raise InvalidInput("metadata", f"is no JSON: {err}") from err
    if go_json.holds_nul(document):
        raise InvalidInput("metadata", "holds the character U+0000, which PostgreSQL's JSON cannot")
    return document.decode()


def _keyset(params: JobListParams, field: str | None, values: dict[str, Any]) -> str:
    """Return the condition for what comes after the cursor. NULL sorts as the largest value, as PostgreSQL has it."""
    cursor = JobListCursor.decode(params.after or "")
    if cursor.sort_field != params.order_by:
        raise InvalidInput("after", f"this cursor belongs to a listing ordered by {cursor.sort_field}")
    sign = "<" if params.descending else ">"
    values["after_id"] = cursor.id
    beyond_id = f"job.id {sign} %(after_id)s::bigint"
    if field is None:
        return beyond_id
    column = f"job.{field}"
    if cursor.time is None:
        beyond_null = f"{column} IS NULL AND {beyond_id}"
        return f"({beyond_null} OR {column} IS NOT NULL)" if params.descending else f"({beyond_null})"
    values["after_time"] = cursor.time
    beyond = f"({column}, job.id) {sign} (%(after_time)s::timestamptz, %(after_id)s::bigint)"
    return beyond if params.descending or not _may_be_null(params, field) else f"({beyond} OR {column} IS NULL)"
