"""`Retry-After` as servers write it: seconds, or a date. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LEAST = timedelta(seconds=1)
MOST = timedelta(days=1)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long to wait; None where nothing is said, or nothing that makes sense. A date is read by the server's
    own clock where it tells the time."""
    said = headers.get("retry-after", "").strip()
    if said.replace(".", "", 1).isdigit():
        return _clamped(timedelta(seconds=min(float(said), MOST.total_seconds())))
    if (at := _date(said)) is None:
        return None
    return _clamped(at - (_date(headers.get("date", "")) or now))


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _clamped(wait: timedelta) -> timedelta:
    return min(max(wait, LEAST), MOST)
