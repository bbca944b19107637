"""What several sections say of their values: paths, durations, addresses."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict

from app.config.durations import Duration

STRICT_KEYS = ConfigDict(extra="forbid")


def absolute(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("must not hold a NUL character")
    try:
        return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100  Path.absolute keeps `..`, resolve reads the disk
    except RuntimeError:
        raise ValueError("has a ~ whose home directory is not known; write the path in full") from None


def _lasting(duration: timedelta) -> timedelta:
    if duration < timedelta(milliseconds=1):
        raise ValueError("must be at least 1ms")
    return duration


def _base_url(url: str) -> str:
    if not re.fullmatch(r"https?://[0-9A-Za-z._-]+(?::[0-9]{1,5})?(?:/[0-9A-Za-z._~/-]*)?", url):
        raise ValueError("must be an address such as https://mirror.example.org/api, without a name or password in it")
    return url.rstrip("/")


AbsolutePath = Annotated[Path, AfterValidator(absolute)]
PositiveDuration = Annotated[Duration, AfterValidator(_lasting)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
