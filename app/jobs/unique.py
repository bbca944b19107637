"""What makes two jobs the same, in the bytes that every River implementation hashes (contract 7; conformance 6)."""

import hashlib
import json
import re
from collections.abc import Hashable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from msgspec import inspect

from app.errors import InvalidInput
from app.jobs.go_json import encode_string
from app.jobs.go_time import ZERO_TIME, go_time
from app.jobs.insert_opts import UniqueOpts
from app.jobs.types import UNIQUE_STATE_BITS, JobState

DEFAULT_STATES = frozenset(JobState) - {JobState.CANCELLED, JobState.DISCARDED}
REQUIRED_STATES = frozenset({JobState.AVAILABLE, JobState.PENDING, JobState.RUNNING, JobState.SCHEDULED})
"""Without these a job could leave uniqueness and come back into it on its way, and collide with itself."""

SHORTEST_PERIOD = timedelta(seconds=1)

_VERBATIM_KEY = re.compile(r"[ !#-\[\]-\x7f]*\Z")
_ONE_MEMBER = re.compile(r'\{"(\w+)":("[^"\\\x00-\x1f]*"|-?[0-9]+)\}')
"""The args of most kinds: one string or number. To take them apart otherwise was a tenth of what a job cost."""
_BLANK = re.compile(r"[ \t\n\r]*")
_decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)


def check_unique_opts(opts: UniqueOpts) -> bool:
    """Tell whether these ask for uniqueness at all.

    Raises:
        InvalidInput: they contradict themselves.
    """
    if opts.by_period is not None and opts.by_period < SHORTEST_PERIOD:
        raise InvalidInput("unique.by_period", "must be at least one second")
    if opts.by_state is not None and not opts.by_state.issuperset(REQUIRED_STATES):
        missing = ", ".join(sorted(REQUIRED_STATES - opts.by_state))
        raise InvalidInput("unique.by_state", f"must include {missing}")
    is_unique = opts.by_args or opts.by_period is not None or opts.by_queue or opts.by_state is not None
    if opts.exclude_kind and not is_unique:
        raise InvalidInput("unique.exclude_kind", "makes nothing unique by itself: say by what as well")
    return is_unique


def unique_states(opts: UniqueOpts) -> int:
    """Return the byte that says in which states a job holds its key (contract 1.4)."""
    return sum(UNIQUE_STATE_BITS[state] for state in opts.by_state or DEFAULT_STATES)


def unique_key(
    opts: UniqueOpts, *, kind: str, args_type: type[Any], encoded_args: bytes, queue: str, base_time: datetime
) -> bytes:
    """Return the key. `base_time` is when the job is scheduled for, or else now.

    Raises:
        InvalidInput: by args, and the args are no object.
    """
    parts = [] if opts.exclude_kind else [f"&kind={kind}"]
    if opts.by_args:
        parts.append(f"&args={unique_args(args_type, encoded_args)}")
    if opts.by_period is not None:
        parts.append(f"&period={go_time(period_start(base_time, opts.by_period))}")
    if opts.by_queue:
        parts.append(f"&queue={queue}")
    return hashlib.sha256("".join(parts).encode()).digest()


def period_start(time: datetime, period: timedelta) -> datetime:
    """Return the start of the period, counted as Go counts: from the first day of the year 1, in UTC.

    Weeks begin on Monday therefore. The text of the key has whole seconds only.
    """
    return (time - (time - ZERO_TIME) % period).astimezone(UTC).replace(microsecond=0)


def unique_args(args_type: type[Any], encoded_args: bytes) -> str:
    """Return the args' part of the key: the tagged fields if there are any, else all of them, sorted.

    Values are copied as they stand in the encoded args: what is nested in them keeps its order.
    """
    text = encoded_args.decode()
    paths = unique_fields(args_type) if isinstance(args_type, Hashable) else ()
    if not paths and text.isascii() and _ONE_MEMBER.fullmatch(text):
        return text  # there is nothing to choose or to sort
    members = _members(text)
    if not paths:
        return "{" + ",".join(f"{_key(key)}:{members[key]}" for key in sorted(members)) + "}"
    chosen: dict[str, Any] = {}
    for path in paths:
        if (value := _look_up(members, path)) is not None:
            _put(chosen, path, value)
    return _object(chosen) if chosen else ""


@cache
def unique_fields(args_type: type[Any]) -> tuple[tuple[str, ...], ...]:
    """Return the paths of the tagged fields, sorted by their names joined with dots.

    Nested structs are looked into, optional ones too, lists and dicts never. As in River, a type that has been met
    before is not looked into again, and a tagged struct counts as a whole when no field within it is tagged.
    """
    info = inspect.type_info(args_type)
    if not isinstance(info, inspect.StructType):
        return ()
    return tuple(sorted(_tagged(info, (), set()), key=_order))


def _order(path: tuple[str, ...]) -> tuple[str, str]:
    """By the names joined with dots; a nested `user` → `id` comes before a field called `user.id`."""
    return ".".join(path), ".".join(name.replace(".", "\\.") for name in path)


def _tagged(struct: inspect.StructType, path: tuple[str, ...], seen: set[type]) -> Iterator[tuple[str, ...]]:
    if struct.cls in seen:
        return
    seen.add(struct.cls)
    for field in struct.fields:
        here = (*path, field.encode_name)
        is_tagged, kind = _unwrap(field.type)
        within = list(_tagged(kind, here, seen)) if isinstance(kind, inspect.StructType) else []
        if within:
            yield from within
        elif is_tagged:
            yield here


def _unwrap(kind: inspect.Type) -> tuple[bool, inspect.Type]:
    """Return whether the field is tagged, and its type without `Annotated` and `| None`."""
    is_tagged = False
    while True:
        match kind:
            case inspect.Metadata(type=inner, extra=extra):
                is_tagged = is_tagged or bool(extra and extra.get("unique"))
                kind = inner
            case inspect.UnionType(types=types):
                some = [member for member in types if not isinstance(member, inspect.NoneType)]
                if len(some) != 1:
                    return is_tagged, kind
                kind = some[0]
            case _:
                return is_tagged, kind


def _members(text: str) -> dict[str, str]:
    """Return the raw text of each member of an object. Of a key that comes twice the first counts, as in River.

    Raises:
        InvalidInput: the text is another kind of JSON. An empty array passes as an empty object: Go encodes some so.
    """
    if one := _ONE_MEMBER.fullmatch(text):
        return {one[1]: one[2]}
    at = _skip(text, 0)
    if text[at:].replace(" ", "") in {"", "[]"}:
        return {}
    if text[at] != "{":
        raise InvalidInput("unique.by_args", "needs args that are a JSON object")
    members: dict[str, str] = {}
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _decoder.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        _value, at = _decoder.raw_decode(text, start)
        members.setdefault(key, text[start:at])
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return members


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _look_up(members: Mapping[str, str], path: tuple[str, ...]) -> str | None:
    value = members.get(path[0])
    if value is None or len(path) == 1:
        return value
    return _look_up(_members(value), path[1:]) if value.startswith("{") else None


def _put(chosen: dict[str, Any], path: tuple[str, ...], value: str) -> None:
    for name in path[:-1]:
        chosen = chosen.setdefault(name, {})
    chosen[path[-1]] = value


def _object(chosen: Mapping[str, Any]) -> str:
    members = (f"{_key(key)}:{value if isinstance(value, str) else _object(value)}" for key, value in chosen.items())
    return "{" + ",".join(members) + "}"


def _key(key: str) -> str:
    """Write a key as River's library does: as it is when it is plain ASCII, `<` and `&` included; else encoded."""
    return f'"{key}"' if _VERBATIM_KEY.match(key) else encode_string(key)
