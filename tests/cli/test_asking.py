"""Whatever a command does, the API does: a command asks it, and nothing but it."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from cyclopts import App

from app.cli.commands import build

OF_THIS_MACHINE = {
    "serve", "work", "migrate",  # start the program, or prepare what it starts on
    "config", "graph", "version",  # tell of the program itself
    "jobs bench",  # measures this machine, in tables of its own
    "--install-completion",
}  # fmt: skip


def commands(app: App, *names: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in app:
        if name in {"--help", "-h", "--version"}:
            continue
        inner = app[name]
        if inner.default_command is not None:
            yield " ".join((*names, name)), inner.default_command
        else:
            yield from commands(inner, *names, name)


def says(command: Callable[..., Any]) -> str:
    """Return the source of a command, and of what it calls of its own module."""
    called = [command.__globals__.get(name) for name in command.__code__.co_names]
    own = [one for one in called if inspect.isfunction(one) and one.__module__ == command.__module__]
    return "".join(map(inspect.getsource, (command, *own)))


def test_every_command_asks_the_api_but_those_about_the_program_on_this_machine():
    found = dict(commands(build()))
    asking = {name for name, command in found.items() if "session.api()" in says(command)}
    assert len(asking) > 40
    assert found.keys() - asking == OF_THIS_MACHINE
