"""The two places a setting may come from, read into one kind of tree that remembers where each value stood."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from app.config.problems import Problem
from app.config.shape import Shape, shape_at

PREFIX = "REVENGE_"

CONFIG_VARIABLE = "REVENGE_CONFIG"
"""Where the file is; not itself a setting."""

SERVER_VARIABLE = "REVENGE_SERVER"
API_KEY_VARIABLE = "REVENGE_API_KEY"
"""Which other machine's server commands speak to, and with what; no settings of this one."""

NO_SETTINGS = frozenset({CONFIG_VARIABLE, SERVER_VARIABLE, API_KEY_VARIABLE})

TEST_PREFIX = "REVENGE_TEST_"
"""Belongs to the test suite, which starts processes that inherit its environment."""

DATABASE_URL = "DATABASE_URL"
"""What hosts of every kind set. `REVENGE_DATABASE__URL` is more to the point and wins."""

MAX_DEPTH = 20

TreePath = tuple[str, ...]


@dataclass(slots=True)
class Reading:
    """What one source says. `where` knows file and line, or variable, of every path that it names."""

    tree: dict[str, Any] = field(default_factory=dict)
    where: dict[TreePath, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain values: `no` is a language and not a boolean, `1:30` no number, `010` is ten."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))

_SCALARS: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": lambda text: text.lower() == "true",
    "tag:yaml.org,2002:null": lambda _: None,
}


def parse_yaml(text: str) -> yaml.Node | None:
    """Parse one document.

    Raises:
        yaml.YAMLError: it is none.
    """
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return node


class _Walk:
    """Turns YAML nodes into plain values, keeping each key's line. Names problems instead of raising."""

    def __init__(self, name: str, *, lines: bool = True) -> None:
        self._name = name
        self._lines = lines
        self.where: dict[TreePath, str] = {}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, path: TreePath) -> Any:
        self.where.setdefault(path, self._place(node))
        if len(path) > MAX_DEPTH:
            return self._problem(node, path, "is nested too deeply")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, str(number))) for number, child in enumerate(node.value)]
        if (convert := _SCALARS.get(node.tag)) is None:
            return self._problem(node, path, "has a tag; write the plain value, in quotes where it starts with !")
        try:
            return convert(node.value)
        except ValueError:
            return self._problem(node, path, "does not fit its tag; write the plain value")

    def _mapping(self, node: yaml.MappingNode, path: TreePath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            below = (*path, key)
            if key in result:
                self._problem(key_node, below, f"stands there twice; the first is at {self.where[below]}")
                continue
            self.where[below] = self._place(key_node)
            result[key] = self.value(value_node, below)
        return result

    def _place(self, node: yaml.Node) -> str:
        return f"{self._name}, line {node.start_mark.line + 1}" if self._lines else self._name

    def _problem(self, node: yaml.Node, path: TreePath, message: str) -> None:
        self.problems.append(Problem(".".join(path), self._place(node), message))


def read_file(path: Path) -> Reading:
    """Read a YAML file; whatever is wrong with it is among the problems."""
    name = str(path)
    try:
        node = parse_yaml(path.read_text("utf-8-sig"))
    except OSError as err:
        return Reading(problems=[Problem("", name, f"cannot be read: {err.strerror}")])
    except UnicodeDecodeError:
        return Reading(problems=[Problem("", name, "is not text in UTF-8")])
    except yaml.YAMLError as err:
        return Reading(problems=[_syntax_problem(name, err)])
    if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
        return Reading()
    walk = _Walk(name)
    tree = walk.value(node, ())
    if not isinstance(tree, dict):
        return Reading(problems=[Problem("", name, "must be a mapping of settings, such as `log: { level: debug }`")])
    return Reading(tree, walk.where, walk.problems)


def _syntax_problem(name: str, err: yaml.YAMLError) -> Problem:
    """Say where and what, without a word of the file itself: the line at fault may be the one with the password."""
    if isinstance(err, yaml.MarkedYAMLError) and err.problem_mark is not None:
        what = re.sub(r"'[^']{2,}'|\"[^\"]{2,}\"", "…", err.problem or "cannot be parsed")
        return Problem("", f"{name}, line {err.problem_mark.line + 1}", f"is not valid YAML: {what}")
    return Problem("", name, "is not valid YAML: it holds characters that YAML forbids")


def read_environment(environ: Mapping[str, str], root: type) -> Reading:
    """Read `REVENGE_A__B` as a.b. An empty variable counts as not set, as compose files leave the optional ones."""
    reading = Reading()
    variables = {
        tuple(name.removeprefix(PREFIX).lower().split("__")): name
        for name in environ
        if name.startswith(PREFIX) and name not in NO_SETTINGS and not name.startswith(TEST_PREFIX)
    }
    if DATABASE_URL in environ and not environ.get("REVENGE_DATABASE__URL"):
        variables["database", "url"] = DATABASE_URL
    for path, name in sorted(variables.items()):  # a section given whole comes before its parts, which win
        if environ[name] or shape_at(root, path) is Shape.UNKNOWN:
            _put(reading, path, name, environ[name], root)
    return reading


def _put(reading: Reading, path: TreePath, name: str, text: str, root: type) -> None:
    value, where = _from_text(reading, path, name, text, shape_at(root, path))
    reading.where.update(where)
    reading.where[path] = name
    tree = reading.tree
    for part in path[:-1]:
        below = tree.get(part)
        if not isinstance(below, dict):
            below = tree[part] = {}
        tree = below
    tree[path[-1]] = value


def _from_text(reading: Reading, path: TreePath, name: str, text: str, shape: Shape) -> tuple[Any, dict[TreePath, str]]:
    """A list or a mapping is written as YAML, which JSON is too; a list also as `a, b`; all else is taken as it is."""
    if shape not in (Shape.SECTION, Shape.COLLECTION):
        return (None if text == "null" else text), {}
    walk = _Walk(name, lines=False)
    try:
        node = parse_yaml(text)
        value = None if node is None else walk.value(node, path)
    except yaml.YAMLError as err:
        reading.problems.append(Problem(".".join(path), name, _syntax_problem(name, err).message))
        return None, {}
    reading.problems.extend(walk.problems)
    if isinstance(value, str) and shape is Shape.COLLECTION:
        value = [part for part in (part.strip() for part in value.split(",")) if part]
    return value, walk.where
