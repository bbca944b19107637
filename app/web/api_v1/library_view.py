"""Libraries as the API shows them, beside what the catalogue says of each."""

import msgspec

from app.catalog.views import Library
from app.web.api_v1.job_view import Job


class Libraries(msgspec.Struct, frozen=True):
    libraries: list[Library]


class ScanAnswer(msgspec.Struct, frozen=True):
    job: Job
    duplicate: bool
    """True: a scan of this library was waiting or running already, and `job` is that one."""
