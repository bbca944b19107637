"""File, then environment over it, then the check of the whole: every problem is told, and told once."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from app.config.problems import ConfigError, Problem
from app.config.settings import default_config_path
from app.config.shape import Shape, names_at, paths, shape_at
from app.config.sources import CONFIG_VARIABLE, Reading, TreePath, read_environment, read_file

T = TypeVar("T")

SHOWN_CHARACTERS = 60

WORDINGS = {
    "value_error": "{error}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "byte_size": "must be a size such as 512MiB or 2GiB",
    "byte_size_unit": "must be a size such as 512MiB or 2GiB",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    "string_type": "must be text",
    "path_type": "must be a path",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "ip_any_network": "must be an address or a network such as 10.0.0.0/8",
    "string_pattern_mismatch": "must match {pattern}",
}
"""Where the validator's own words would speak of inputs and strings, or of Python."""


def load(root: type[T], path: Path | None, environ: Mapping[str, str]) -> T:
    """Build the tree of class `root` from the file and the environment.

    The file is `path`, else the one that REVENGE_CONFIG names, else the one in the user's configuration folder,
    which alone may be absent.

    Raises:
        ConfigError: with every problem.
    """
    file = _read_chosen_file(path, environ)
    environment = read_environment(environ, root)
    where = {**file.where, **environment.where}
    tree = _merge(_without_empty_sections(root, file.tree, ()), _without_empty_sections(root, environment.tree, ()))
    problems = [*file.problems, *environment.problems]
    told = {problem.key for problem in problems}
    try:
        settings = TypeAdapter(root).validate_python(tree)
    except ValidationError as err:
        found = (_explain(root, error, where) for error in err.errors(include_url=False))
        raise ConfigError([*problems, *(problem for problem in found if problem.key not in told)]) from None
    if problems:
        raise ConfigError(problems)
    return settings


def _read_chosen_file(path: Path | None, environ: Mapping[str, str]) -> Reading:
    if named := path or environ.get(CONFIG_VARIABLE):
        return read_file(Path(named))
    default = default_config_path()
    return read_file(default) if default.exists() else Reading()


def _without_empty_sections(root: type, tree: Mapping[str, Any], path: TreePath) -> dict[str, Any]:
    """Drop sections that hold nothing: `http:` with every line below it commented out is no mistake."""
    result: dict[str, Any] = {}
    for name, value in tree.items():
        below = (*path, name)
        if isinstance(value, dict):
            result[name] = _without_empty_sections(root, value, below)
        elif value is not None:
            result[name] = value
        elif shape_at(root, below) is Shape.SECTION:
            result[name] = {}
        elif shape_at(root, below) is not Shape.COLLECTION:
            result[name] = None
    return result


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(under)
    for name, value in over.items():
        below = result.get(name)
        result[name] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _explain(root: type, error: ErrorDetails, where: Mapping[TreePath, str]) -> Problem:
    path = tuple(str(part) for part in error["loc"] if part != "[key]")
    message = _what_would_be_right(root, path, error)
    if not path:
        return Problem("", "configuration", message)
    if _may_be_shown(root, path, error):
        message += f" (it is {_shortened(error['input'])})"
    return Problem(".".join(path), _place(path, where), message)


def _place(path: TreePath, where: Mapping[TreePath, str]) -> str:
    """Find the source of a value; of something below it where two values contradict; else of what it is part of."""
    below = [place for other, place in where.items() if other[: len(path)] == path and other != path]
    above = (where.get(path[:length]) for length in range(len(path) - 1, -1, -1))
    return where.get(path) or next(reversed(below), None) or next((place for place in above if place), "default")


def _what_would_be_right(root: type, path: TreePath, error: ErrorDetails) -> str:
    kind = error["type"]
    if kind == "unexpected_keyword_argument":
        return _unknown(root, path)
    if kind == "dataclass_type":
        return f"must be a mapping with the keys {', '.join(names_at(root, path))}".removesuffix(" with the keys ")
    if (wording := WORDINGS.get(kind)) is None:
        return error["msg"].replace("Input should", "must").replace("String should", "must")
    context = cast("Mapping[str, Any]", error.get("ctx", {}))
    return wording.format_map(context)


def _unknown(root: type, path: TreePath) -> str:
    known = names_at(root, path[:-1])
    if near := difflib.get_close_matches(path[-1], known, n=1):
        return f"there is no such setting; did you mean {'.'.join((*path[:-1], *near))}?"
    elsewhere = {other[-1]: ".".join(other) for other in paths(root)}
    if near := difflib.get_close_matches(path[-1], elsewhere, n=1):
        return f"there is no such setting; did you mean {elsewhere[near[0]]}?"
    return f"there is no such setting; here are {', '.join(known)}" if known else "there is no such setting"


def _may_be_shown(root: type, path: Sequence[str], error: ErrorDetails) -> bool:
    """Only a plain value where a plain value belongs: anything misplaced may be a secret that slipped a line."""
    if error["type"] == "unexpected_keyword_argument" or not isinstance(error["input"], str | int | float | bool):
        return False
    if shape_at(root, path) is Shape.UNKNOWN:  # an element of a list
        return shape_at(root, path[:-1]) is Shape.COLLECTION
    return shape_at(root, path) is Shape.SCALAR


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
