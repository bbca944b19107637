"""What queues, tags and kinds may be called (contract 8.1): Go's patterns, measured in bytes as Go does."""

import re

from app.errors import InvalidInput

MAX_QUEUE_BYTES = 64
MAX_TAG_BYTES = 255
MAX_KIND_LENGTH = 127
MAX_SCHEMA_BYTES = 46
"""A channel is the schema, a dot and a topic, in PostgreSQL's 63 bytes; the longest topic takes 16 of them."""

_QUEUE = re.compile(r"[a-z0-9]+(?:[_|-][a-z0-9]+)*\Z")
_TAG = re.compile(r"\w[\w-]+\w\Z", re.ASCII)
_KIND = re.compile(r"\w[\w\-\[\]<>/.·:+]+\Z", re.ASCII)


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can hold, and so find, this text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and text.encode(errors="ignore").decode() == text


def check_queue_name(name: str, field: str = "queue") -> str:
    """Return the name.

    Raises:
        InvalidInput: no queue may be called so.
    """
    if len(name.encode()) > MAX_QUEUE_BYTES:
        raise InvalidInput(field, f"a queue's name has at most {MAX_QUEUE_BYTES} bytes: {name[:80]!r}")
    if not _QUEUE.match(name):
        raise InvalidInput(
            field, f"a queue's name is lower-case letters and digits, joined by single _ - or |: {name!r} is not"
        )
    return name


def check_tag(tag: str) -> str:
    """Return the tag.

    Raises:
        InvalidInput: no tag may be spelled so.
    """
    if len(tag.encode(errors="replace")) > MAX_TAG_BYTES:
        raise InvalidInput("tags", f"a tag has at most {MAX_TAG_BYTES} bytes: {tag[:80]!r}…")
    if not _TAG.match(tag):
        raise InvalidInput("tags", f"a tag is three or more letters, digits, _ or inner -: {tag!r} is not")
    return tag


def check_kind(kind: str, field: str = "kind") -> str:
    """Return the kind.

    Raises:
        InvalidInput: no worker may register a kind of this name.
    """
    if len(kind) > MAX_KIND_LENGTH:
        raise InvalidInput(field, f"has at most {MAX_KIND_LENGTH} characters: {kind[:80]!r}…")
    if not _KIND.match(kind):
        raise InvalidInput(
            field, f"must be two or more letters, digits or -[]<>/.·:+_, the first a letter or digit: {kind!r} is not"
        )
    return kind


def check_schema_name(name: str, field: str = "schema") -> str:
    """Return the name. Whatever characters it has, it is quoted; only its length is limited.

    Raises:
        InvalidInput: nobody could LISTEN in a schema of this name.
    """
    if not 0 < len(name.encode(errors="replace")) <= MAX_SCHEMA_BYTES or not is_storable(name):
        raise InvalidInput(field, f"a schema's name has 1 to {MAX_SCHEMA_BYTES} bytes: {name[:80]!r}")
    return name
