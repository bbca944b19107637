"""Where a listing stopped, in River's own text (contract 12.5): a page begun by one client goes on in another."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from app.errors import InvalidInput
from app.jobs import go_json
from app.jobs.go_time import ZERO_TIME, go_time, parse_go_time


class _Wire(msgspec.Struct):
    """The fields in the order of River's own struct: it is the order of the bytes."""

    id: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    kind: str
    queue: str
    sort_field: str
    time: str


@dataclass(frozen=True, slots=True)
class JobListCursor:
    """`time` is the value of the column the listing is ordered by; None when it is NULL, or when only ids order it."""

    id: int
    kind: str
    queue: str
    sort_field: str
    time: datetime | None

    def encode(self) -> str:
        wire = _Wire(self.id, self.kind, self.queue, self.sort_field, go_time(self.time or ZERO_TIME))
        return base64.urlsafe_b64encode(go_json.encode(wire)).decode()

    @classmethod
    def decode(cls, text: str) -> "JobListCursor":
        """Read a cursor, in either alphabet of base64: River wrote one and read the other for a while.

        Raises:
            InvalidInput: this is no cursor.
        """
        try:
            data = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
            wire = msgspec.json.decode(data, type=_Wire)
            time = parse_go_time(wire.time)
        except ValueError as err:
            raise InvalidInput("after", "is not a cursor of a job listing") from err
        return cls(wire.id, wire.kind, wire.queue, wire.sort_field, None if time == ZERO_TIME else time.astimezone(UTC))
