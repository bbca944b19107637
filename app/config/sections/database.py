"""`database`: where PostgreSQL is."""

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic.dataclasses import dataclass

from app.config.sections.checks import STRICT_KEYS, AbsolutePath, PositiveDuration


def _postgres_address(url: SecretStr) -> SecretStr:
    """Accept what libpq accepts, and SQLAlchemy's `postgresql+driver://` too.

    What libpq says about a wrong one is not repeated: it may quote the password.
    """
    from psycopg import ProgrammingError, conninfo  # noqa: PLC0415  loading libpq costs a tenth of a second

    address = re.sub(r"^postgres(?:ql)?(?:\+\w+)?://", "postgresql://", url.get_secret_value().strip())
    try:
        if not conninfo.conninfo_to_dict(address):
            raise ValueError("is empty; leave it out to use the PostgreSQL that comes along")
    except ProgrammingError:
        raise ValueError(
            "is not a PostgreSQL address; write postgresql://user:password@host:5432/database "
            "(characters such as @ / : in a password as %40 %2F %3A)"
        ) from None
    return SecretStr(address)


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class PoolSettings:
    """Connections for the web face and the workers. The queue's own actors have a few more beside these."""

    min: Annotated[int, Field(ge=0)] = 2
    max: Annotated[int, Field(ge=1, le=1_000)] = 20

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) must not be above max ({self.max})")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class DatabaseSettings:
    url: Annotated[SecretStr, AfterValidator(_postgres_address)] | None = None
    """None: PostgreSQL is run as our own child, in the data directory."""
    pool: PoolSettings = PoolSettings()
    connect_timeout: PositiveDuration = timedelta(seconds=30)
    """How long a start waits for a server that does not answer yet."""
    binaries: AbsolutePath | None = None
    """The bin directory of the PostgreSQL to run as our own child. None: the one that came along, else the system's."""
