"""The settings in force, as plain values that may be shown to anyone: passwords and tokens are struck out."""

import re
from typing import Any

from pydantic import SecretStr, TypeAdapter

from app.config.settings import Settings

STRUCK_OUT = "***"


def shown(settings: Settings) -> dict[str, Any]:
    """Return the tree as JSON would hold it. Durations are written as they are read."""
    tree: dict[str, Any] = TypeAdapter(Settings).dump_python(settings, mode="json")
    tree["database"]["url"] = None if settings.database.url is None else without_password(settings.database.url)
    tree["metadata"]["tmdb"]["token"] = None if settings.metadata.tmdb.token is None else STRUCK_OUT
    return tree


def without_password(url: SecretStr) -> str:
    """Return where a database is and as whom it is asked: enough to find a mistake, not enough to log in."""
    from psycopg import conninfo  # noqa: PLC0415  loading libpq costs a tenth of a second

    parts = conninfo.conninfo_to_dict(url.get_secret_value())
    hidden = {name: STRUCK_OUT for name in parts if re.search(r"pass|secret|token", name)}
    return conninfo.make_conninfo("", **{**parts, **hidden})
