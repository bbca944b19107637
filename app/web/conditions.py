"""Conditional requests: is what the client holds still what we have (RFC 9110 section 13). Pure.

Validators are strong: two states of a file with the same inode, size and mtime in nanoseconds are taken for the same
bytes. Whoever rewrites a file in place and puts its mtime back deceives us, as they deceive every server.
"""

import enum
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from app.accounts.errors import ChangedMeanwhile
from app.errors import InvalidInput

_BESIDE = re.compile(r'-[0-9a-f]{24}"')
_ETAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


@dataclass(frozen=True, slots=True)
class Validators:
    etag: str
    last_modified: datetime | None
    """Whole seconds, UTC. None when the file claims a time that has not come yet, which may not be sent."""

    @classmethod
    def of(cls, stat: os.stat_result, now: datetime) -> "Validators":
        etag = f'"{stat.st_size:x}-{stat.st_mtime_ns:x}-{stat.st_ino:x}"'
        seconds = stat.st_mtime_ns // 10**9
        if not 0 <= seconds <= now.timestamp():
            return cls(etag, None)
        return cls(etag, datetime.fromtimestamp(seconds, UTC))

    def headers(self) -> dict[str, str]:
        if self.last_modified is None:
            return {"ETag": self.etag}
        return {"ETag": self.etag, "Last-Modified": format_datetime(self.last_modified, usegmt=True)}


class Outcome(enum.Enum):
    SEND = 200
    NOT_MODIFIED = 304
    PRECONDITION_FAILED = 412


def evaluate(headers: Mapping[str, str], validators: Validators) -> Outcome:
    """Judge a GET or HEAD in the order of RFC 9110 section 13.2.2. `headers` must not mind upper and lower case."""
    if (if_match := headers.get("if-match")) is not None:
        if not _names(if_match, validators.etag, weakly=False):
            return Outcome.PRECONDITION_FAILED
    elif (since := _date(headers.get("if-unmodified-since"))) is not None and _is_newer(validators, since):
        return Outcome.PRECONDITION_FAILED
    if (if_none_match := headers.get("if-none-match")) is not None:
        return Outcome.NOT_MODIFIED if _names(if_none_match, validators.etag, weakly=True) else Outcome.SEND
    if (since := _date(headers.get("if-modified-since"))) is not None and not _is_newer(validators, since):
        return Outcome.NOT_MODIFIED
    return Outcome.SEND


def range_applies(if_range: str | None, validators: Validators) -> bool:
    """Whether the parts the client has belong to what we have; otherwise it gets the whole, never a mixture."""
    if if_range is None:
        return True
    if if_range.lstrip().startswith(('"', "W/")):
        return if_range.strip() == validators.etag
    date = _date(if_range)
    return date is not None and date == validators.last_modified


def _names(header: str, etag: str, *, weakly: bool) -> bool:
    if header.strip() == "*":
        return True
    return any(tag == etag and (weakly or not weak) for weak, tag in _ETAG.findall(header))


def _date(text: str | None) -> datetime | None:
    """Read an HTTP date; None when it is none, which makes its condition void."""
    if text is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date


def _is_newer(validators: Validators, since: datetime) -> bool:
    """A file without a usable date counts as changed: sending once too often is the harmless mistake."""
    return validators.last_modified is None or validators.last_modified > since


def entity_tag(content: bytes, beside: bytes = b"") -> str:
    """Return the ETag of what is told of something: another one as soon as anything else is told.

    `beside` is what is told of whoever asks rather than of the thing. It has a part of its own, behind a dash, so that
    an editor who also watches is not taken for somebody whose knowledge is old.
    """
    return f'"{_digest(content)}-{_digest(beside)}"' if beside else f'"{_digest(content)}"'


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def require_match(if_match: str | None, etag: str) -> None:
    """Let nobody change what is not what they read any more. `etag` is of the thing alone, without anything beside it.

    Raises:
        ChangedMeanwhile: what `If-Match` names is not how it is now.
    """
    if if_match is not None and not _names(_BESIDE.sub('"', if_match), etag, weakly=False):
        raise ChangedMeanwhile


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    return if_none_match is not None and _names(if_none_match, etag, weakly=True)


def versioned(version: int) -> dict[str, str]:
    """Return the ETag of something whose changes are counted."""
    return {"ETag": f'"{version}"'}


def version_of(if_match: str | None) -> int | None:
    """Return the version a change is meant for; None when it is meant for any.

    Raises:
        InvalidInput: it is no ETag that we have given out for such a thing.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    match = re.fullmatch(r'\s*"([0-9]{1,9})"\s*', if_match)
    if match is None:
        raise InvalidInput("If-Match", "must be the ETag of what was read")
    return int(match[1])
