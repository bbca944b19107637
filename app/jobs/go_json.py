"""JSON in the very bytes of Go's encoding/json (contract 7.3): the unique key is a hash of them.

Three things differ from every encoder Python has: floats (`1`, not `1.0`; `1e+21`), the characters that Go escapes
for HTML's sake, and times, which carry the shortest fraction. Object keys stand in the order of their fields, the keys
of a dict by their bytes.
"""

import math
import re
from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from json.encoder import encode_basestring
from typing import Any

import msgspec
from msgspec import inspect

from app.jobs.go_time import go_time_in_its_zone

ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_ENCODED_ESCAPES = {character.encode(): escape.encode() for character, escape in ESCAPES.items()}

_ESCAPED = re.compile("[<>&\u2028\u2029]")
_ESCAPED_BYTES = re.compile(b"[<>&]|\xe2\x80[\xa8\xa9]")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_encoder = msgspec.json.Encoder(order="deterministic")


def encode(value: Any) -> bytes:
    """Encode a struct, or what JSON is made of. The keys of a dict must be texts, which they are in JSON anyway.

    Raises:
        ValueError: a number is not finite, or a text is not Unicode.
        TypeError: a type that has no JSON.
    """
    if _is_alike(type(value)):  # type: ignore[arg-type]  # mypy takes a class for unhashable
        return _escape(_encoder.encode(value))
    plain = msgspec.to_builtins(value, builtin_types=(datetime,), order="deterministic")
    return "".join(_write(plain)).encode()


def _escape(text: bytes) -> bytes:
    """Outside of strings none of these characters occurs in JSON, so the whole document may be replaced in."""
    if _ESCAPED_BYTES.search(text) is None:  # as nearly always, and half the price of replacing nothing
        return text
    return _ESCAPED_BYTES.sub(lambda match: _ENCODED_ESCAPES[match[0]], text)


def holds_nul(document: bytes) -> bool:
    """Tell whether a text within holds U+0000, which is JSON, but which PostgreSQL's jsonb refuses."""
    return b"\\u0000" in document and _NUL.search(document) is not None


def compact(document: bytes) -> bytes:
    """Return a JSON document without blanks and with Go's escapes; its numbers stay as they are written."""
    return _escape(msgspec.json.format(document, indent=-1))


def encode_string(value: str) -> str:
    return _ESCAPED.sub(lambda match: ESCAPES[match[0]], encode_basestring(value))


def encode_float(value: float) -> str:
    """Write the shortest digits that read back as the same number, in Go's notation."""
    if not math.isfinite(value):
        raise ValueError(f"{value} has no JSON")
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    minus = "-" if sign else ""
    if 1e-6 <= abs(value) < 1e21:  # noqa: PLR2004  where Go's encoder changes notation
        return minus + _plain(text, point)
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{text[0]}{fraction}e{point - 1:+}"


def _plain(digits: str, point: int) -> str:
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def _write(value: Any) -> Iterator[str]:
    """Write what `to_builtins` left: dicts are in their order already."""
    if isinstance(value, dict):
        for index, (key, member) in enumerate(value.items()):
            yield f"{',' if index else '{'}{encode_string(key)}:"
            yield from _write(member)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield "," if index else "["
            yield from _write(member)
        yield "]" if value else "[]"
    else:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return encode_string(value)
        case int():
            return str(value)
        case float():
            return encode_float(value)
        case datetime():
            return encode_string(go_time_in_its_zone(value))
    raise TypeError(f"{type(value).__name__} has no JSON")


@cache
def _is_alike(kind: Hashable) -> bool:
    """Tell whether msgspec writes values of this type as Go does, bar the escapes: then its encoder may do it."""
    return (
        isinstance(kind, type) and issubclass(kind, msgspec.Struct) and _has_only_alike(inspect.type_info(kind), set())
    )


_ALIKE = (
    inspect.BoolType,
    inspect.BytesType,
    inspect.DateType,
    inspect.EnumType,
    inspect.IntType,
    inspect.LiteralType,
    inspect.NoneType,
    inspect.StrType,
    inspect.UUIDType,
)


def _has_only_alike(kind: inspect.Type, seen: set[type]) -> bool:
    if isinstance(kind, inspect.StructType):
        if kind.cls in seen:
            return True
        seen.add(kind.cls)
    inner = _inner_types(kind)
    return isinstance(kind, _ALIKE) if inner is None else all(_has_only_alike(item, seen) for item in inner)


def _inner_types(kind: inspect.Type) -> Sequence[inspect.Type] | None:
    match kind:
        case inspect.StructType(fields=fields):
            return [field.type for field in fields]
        case inspect.TupleType(item_types=types) | inspect.UnionType(types=types):
            return types
        case inspect.ListType(item_type=inner) | inspect.VarTupleType(item_type=inner) | inspect.Metadata(type=inner):
            return [inner]
        case inspect.DictType(key_type=key, value_type=value):
            return [key, value]
    return None
