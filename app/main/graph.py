"""The wiring as a picture: what is provided by which domain, and what it takes."""

import typing
from collections.abc import Iterator
from typing import Any

from dishka import AsyncContainer, Container
from dishka.dependency_source import Factory
from dishka.entities.factory_type import FactoryType
from dishka.entities.marker import HasContext
from dishka.text_rendering import get_name

from app.config import Settings
from app.main.container import build_container

OWN = (Container, AsyncContainer)


def graph(settings: Settings) -> str:
    """Draw the container as a mermaid flowchart: an arrow goes from what is taken to whoever takes it."""
    factories = [
        factory
        for factory in build_container(settings, work=True).registry.factories.values()
        if factory.provides.type_hint not in OWN and not isinstance(factory.provides.type_hint, HasContext)
    ]
    names = {factory.provides: f"n{number}" for number, factory in enumerate(factories)}
    lines = ["flowchart LR"]
    for domain in sorted({_domain(factory) for factory in factories}):
        lines.append(f"  subgraph {domain}")
        lines += [
            f"    {names[factory.provides]}{_shape(factory)}" for factory in factories if _domain(factory) == domain
        ]
        lines.append("  end")
    arrows = {(taken, taker) for taken, taker in _arrows(factories) if taken in names}
    lines += sorted(f"  {names[taken]} --> {names[taker]}" for taken, taker in arrows)
    return "\n".join(lines) + "\n"


def _arrows(factories: list[Factory]) -> Iterator[tuple[Any, Any]]:
    for factory in factories:
        collected = [member.provides for member in factory.when_dependencies]
        for taken in [*factory.dependencies, *factory.kw_dependencies.values(), *collected]:
            yield taken, factory.provides


def _domain(factory: Factory) -> str:
    """Name the folder under `app` that what makes it, or the type itself, lives in."""
    return next(filter(None, map(_folder, (factory.source, *_types(factory.provides.type_hint)))), "process")


def _types(hint: Any) -> Iterator[Any]:
    yield hint
    for part in typing.get_args(hint):
        yield from _types(part)


def _folder(thing: Any) -> str | None:
    parts = getattr(thing, "__module__", "").split(".")
    return parts[1] if parts[0] == "app" and len(parts) > 1 and parts[1] != "main" else None


def _shape(factory: Factory) -> str:
    name = get_name(factory.provides.type_hint, include_module=False)
    if isinstance(factory.source, type) and factory.source.__name__ != name:
        name = f"{factory.source.__name__} as {name}"  # what it is, and as what it is offered
    match factory.type:
        case FactoryType.COLLECTION:
            return f'[["{get_name(factory.provides.type_hint, include_module=False)}"]]'
        case FactoryType.CONTEXT:
            return f'(["{name}"])'
        case _:
            return f'["{name}"]'
