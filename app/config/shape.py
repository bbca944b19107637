"""What stands at a path of the tree: a section, a collection, a secret or a plain value.

The environment knows only strings and upper case, and an error message must know whether it may show a value;
both ask the tree's own annotations, so that a new setting needs no second list.
"""

import dataclasses
import enum
import types
import typing
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from pydantic import SecretStr


class Shape(enum.Enum):
    SECTION = "section"
    COLLECTION = "collection"
    SECRET = "secret"  # noqa: S105  the name of a shape
    SCALAR = "scalar"
    UNKNOWN = "unknown"


@lru_cache(maxsize=64)
def _hints(section: type) -> dict[str, Any]:
    return typing.get_type_hints(section)


def _without_none(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        (annotation,) = (member for member in typing.get_args(annotation) if member is not types.NoneType)
    return annotation


def type_at(root: type, path: Sequence[str]) -> Any:
    """Return the annotation at a path, without None; None when there is no such setting."""
    current: Any = root
    for part in path:
        if dataclasses.is_dataclass(current):
            current = _hints(typing.cast("type", current)).get(part)
        elif typing.get_origin(current) is dict:
            current = typing.get_args(current)[1]
        else:
            return None
        current = _without_none(current)
    return current


def shape_at(root: type, path: Sequence[str]) -> Shape:
    found = type_at(root, path)
    if found is None:
        return Shape.UNKNOWN
    if dataclasses.is_dataclass(found):
        return Shape.SECTION
    if found is SecretStr:
        return Shape.SECRET
    return Shape.COLLECTION if typing.get_origin(found) in (dict, tuple) else Shape.SCALAR


def names_at(root: type, path: Sequence[str]) -> tuple[str, ...]:
    """Return the settings of the section at a path; nothing where it is none."""
    found = type_at(root, path)
    return tuple(_hints(found)) if isinstance(found, type) and dataclasses.is_dataclass(found) else ()


def paths(root: type, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every setting's path, sections left out."""
    for name in names_at(root, prefix):
        path = (*prefix, name)
        if shape_at(root, path) is Shape.SECTION:
            yield from paths(root, path)
        else:
            yield path
