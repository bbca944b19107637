"""What routes take, checked before any of our code sees it."""

import os
import re
from datetime import date
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes
from uuid import UUID

from fastapi import Header, Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from app.accounts.passwords import LONGEST, SHORTEST
from app.accounts.service import LONGEST_NAME


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL character; whatever is asked with one would end as a failure of ours."""
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return text


def described(**schema: Any) -> Any:
    """Say in the document what the service checks, in words of its own."""
    return Field(json_schema_extra=schema)


Text = Annotated[str, AfterValidator(_storable), described(pattern=r"^[^\x00]*$")]


def _from_uri(path: str) -> str:
    """Read `file:///srv/caf%E9` (RFC 8089) as the path it means: JSON holds no bytes that are not UTF-8."""
    scheme = "file://"
    return _storable(os.fsdecode(unquote_to_bytes(path.removeprefix(scheme)))) if path.startswith(scheme) else path


DiskPath = Annotated[Text, AfterValidator(_from_uri)]
"""A path on the server, absolute; as a `file:///` URI where it is no UTF-8."""


Password = Annotated[Text, Field(max_length=1024)]
"""Longer ones are not even looked at; what a good one needs, `app.accounts.passwords` says."""
NewPassword = Annotated[Password, described(minLength=SHORTEST, maxLength=LONGEST)]
Name = Annotated[Text, described(minLength=1, maxLength=LONGEST_NAME, pattern=r"\S")]
"""Of an account or a key."""

JobId = Annotated[int, Path(ge=1, le=2**63 - 1)]
LibraryId = Annotated[UUID, Path()]
ItemId = Annotated[UUID, Path()]
PersonId = Annotated[UUID, Path()]
FileId = Annotated[UUID, Path()]
PlaybackId = Annotated[UUID, Path()]
ChapterNumber = Annotated[int, Path(ge=0, le=100_000)]
StreamNumber = Annotated[int, Path(ge=0, le=10_000)]
QueueName = Annotated[Text, Path(min_length=1, max_length=127)]


IfMatch = Annotated[Text | None, Header(alias="If-Match", max_length=1000)]
"""The ETag of what was read: what is asked is done only if it is still so."""
IfNoneMatch = Annotated[Text | None, Header(alias="If-None-Match", max_length=1000)]


def _written_out(time: object) -> object:
    """A number would be taken for seconds since 1970, and a time without a zone for anybody's."""
    if not isinstance(time, str) or not re.match(r"[0-9]{4}-", time):
        raise ValueError("must be a time with its zone, such as 2027-01-01T00:00:00Z")
    return time


def _no_text_and_no_flag(number: object) -> object:
    if isinstance(number, bool | str):
        raise ValueError("must be a number")  # noqa: TRY004  pydantic's word for what is wrong with a value
    return number


A_NUMBER = BeforeValidator(_no_text_and_no_flag)
"""Of an integer in a body: `false` and `"12"` would be taken for one. In an address everything is text."""


def _a_day(day: object) -> object:
    """A number would be taken for days or seconds since 1970."""
    if not isinstance(day, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        raise ValueError("must be a day, such as 1927-01-10")
    return day


Day = Annotated[date, BeforeValidator(_a_day)]

Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""RFC 3339."""


class Strict(BaseModel):
    """A mistyped filter that is ignored shows everything, so a name nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
