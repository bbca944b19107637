"""Which jobs a delete of many takes (contract 2.7): conditions from constants of ours only."""

from typing import Any

from app.errors import InvalidInput
from app.jobs.driver.arrays import number_array, text_array
from app.jobs.driver.driver import JobDeleteManyParams
from app.jobs.driver.job_list import FILTERS, LARGEST_ID, LARGEST_PRIORITY, MAX_LIMIT
from app.jobs.names import is_storable
from app.jobs.types import JobState

NAMES = ("ids", "kinds", "priorities", "queues", "states")


def plan(params: JobDeleteManyParams) -> tuple[str, dict[str, Any]]:
    """Return the conditions and the values of a delete.

    Raises:
        InvalidInput: the limit makes no sense, nothing is filtered by although not all are meant, or the reverse.
    """
    if not 1 <= params.limit <= MAX_LIMIT:
        raise InvalidInput("limit", f"must be between 1 and {MAX_LIMIT}")
    given = [name for name in NAMES if getattr(params, name) is not None]
    if not given and not params.unsafe_all:
        raise InvalidInput("", f"give one of {', '.join(NAMES)}, or unsafe_all to delete whatever is not running")
    if given and params.unsafe_all:
        raise InvalidInput("unsafe_all", f"contradicts {', '.join(given)}: either all are meant or some")
    values = _values(params)
    conditions = [FILTERS[name] for name in values]
    if params.states is not None:  # written out, as in a listing: only then does the planner see what they are
        names = ", ".join(f"'{JobState(state)}'" for state in params.states)
        conditions.append(f"job.state IN ({names})" if names else "false")
    return " AND ".join(conditions) or "true", {**values, "limit": params.limit}


def _values(params: JobDeleteManyParams) -> dict[str, Any]:
    """What no column can hold matches nothing, and neither does an empty filter."""
    values: dict[str, Any] = {}
    for name, largest in (("ids", LARGEST_ID), ("priorities", LARGEST_PRIORITY)):
        if (numbers := getattr(params, name)) is not None:
            values[name] = number_array([number for number in numbers if -largest <= number <= largest])
    for name in ("kinds", "queues"):
        if (texts := getattr(params, name)) is not None:
            values[name] = text_array([text for text in texts if is_storable(text)])
    return values
