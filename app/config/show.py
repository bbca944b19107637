"""The settings in force, as plain values that may be shown to anyone: passwords and tokens are struck out."""

import re
from typing import Any

from pydantic import SecretStr, TypeAdapter

from app.config.settings import Settings
from app.config.shape import Shape, paths, shape_at

STRUCK_OUT = "***"

_SECRET_NAME = re.compile("^(?:password|sslpassword|oauth_client_secret)$")
"""libpq's parameters that are secrets; `passfile` is but a path."""


def shown(settings: Settings) -> dict[str, Any]:
    """Return the tree as JSON would hold it. Durations are written as they are read."""
    tree: dict[str, Any] = TypeAdapter(Settings).dump_python(settings, mode="json")
    tree["database"]["url"] = None if settings.database.url is None else without_password(settings.database.url)
    for path, _ in _secrets(settings):
        if path != DATABASE_URL:
            section = tree
            for part in path[:-1]:
                section = section[part]
            section[path[-1]] = STRUCK_OUT
    return tree


DATABASE_URL = ("database", "url")
SEALING_KEYS = ("secrets", "key")


def _secrets(settings: Settings) -> list[tuple[tuple[str, ...], SecretStr]]:
    """Return every secret that is set, by its path."""
    found = []
    for path in paths(Settings):
        value: Any = settings
        if shape_at(Settings, path) is Shape.SECRET:
            for part in path:
                value = getattr(value, part)
            if value is not None:
                found.append((path, value))
    return found


def without_password(url: SecretStr) -> str:
    """Return where a database is and as whom it is asked: enough to find a mistake, not enough to log in."""
    from psycopg import conninfo  # noqa: PLC0415  loading libpq costs a tenth of a second

    parts = conninfo.conninfo_to_dict(url.get_secret_value())
    hidden = {name: STRUCK_OUT for name in parts if _SECRET_NAME.search(name)}
    return conninfo.make_conninfo("", **{**parts, **hidden})


def secret_values(settings: Settings) -> list[str]:
    """Return every secret that is set, so that a log can strike it out wherever it turns up."""
    from psycopg import conninfo  # noqa: PLC0415  as above

    secrets = [
        value.get_secret_value() for path, value in _secrets(settings) if path not in (DATABASE_URL, SEALING_KEYS)
    ]
    if settings.secrets.key is not None:  # one or several
        secrets += re.split(r"[\s,]+", settings.secrets.key.get_secret_value().strip())
    if settings.database.url is not None:
        parts = conninfo.conninfo_to_dict(settings.database.url.get_secret_value())
        secrets += [str(value) for name, value in parts.items() if _SECRET_NAME.search(name)]
    return secrets
