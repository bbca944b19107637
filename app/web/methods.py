"""Which methods an address has, by the document: the router knows only of the first route that fits half."""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

_METHODS = ("get", "head", "post", "put", "patch", "delete")


def methods_at(app: FastAPI, path: str) -> list[str]:
    """Return the methods of an address; none for one that is not described. A whole name comes before a template."""
    paths: Mapping[str, Mapping[str, Any]] = app.openapi()["paths"]
    fitting = [path] if path in paths else [template for template in paths if _fits(template, path)]
    return sorted({method.upper() for template in fitting for method in paths[template] if method in _METHODS})


def is_name(app: FastAPI, path: str) -> bool:
    """Whether an address is one route's own, without any id in it."""
    return path in app.openapi()["paths"]


def _fits(template: str, path: str) -> bool:
    return "{" in template and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) is not None
