"""Which methods an address has, by all routes: the router knows only of the first that fits half."""

import re
from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.routing import APIRoute

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


def methods_at(app: FastAPI, path: str) -> list[str]:
    """Return the methods of an address; none for one that is not described. A whole name comes before a template."""
    paths = _described(app)
    fitting = [path] if path in paths else [template for template in paths if _fits(template, path)]
    return sorted(_METHODS & {method for template in fitting for method in paths[template]})


def is_name(app: FastAPI, path: str) -> bool:
    """Whether an address is one route's own, without any id in it."""
    return path in _described(app)


def _described(app: FastAPI) -> Mapping[str, set[str]]:
    """Return the methods of every path in the document, without the document: composing it takes half a second."""
    paths: dict[str, set[str]] = {}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            paths.setdefault(route.path_format, set()).update(route.methods or ())
    return paths


def _fits(template: str, path: str) -> bool:
    return "{" in template and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) is not None
