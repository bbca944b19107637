"""`operations` and `log`: keeping the house, and telling of it."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic.dataclasses import dataclass

from app.config.sections.checks import STRICT_KEYS

LogLevel = Literal["debug", "info", "warning", "error"]


def _cron(expression: str) -> str:
    """Five fields, checked in full when the schedule is made: the queue that knows them is above this module."""
    fields = re.sub(r"^(CRON_)?TZ=\S+ ", "", expression).split()
    if len(fields) != 5 and not re.fullmatch(r"@[a-z]+( \S+)?", expression):  # noqa: PLR2004  cron's five
        raise ValueError("must be a cron expression such as '30 3 * * *', or '@daily'")
    return expression


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class OperationsSettings:
    nightly: Annotated[str, AfterValidator(_cron)] = "30 3 * * *"
    """When the database is looked after. A run that was missed happens once at the next start."""


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class LogSettings:
    level: LogLevel = "info"
    format: Literal["console", "json"] = "console"
