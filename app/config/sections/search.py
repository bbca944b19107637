"""`search`: who searches."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import SecretStr, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from app.config.sections.checks import STRICT_KEYS, BaseUrl, PositiveDuration


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class TypesenseSettings:
    """A search server beside PostgreSQL. All nodes should be given the same."""

    url: BaseUrl | None = None
    """None: PostgreSQL searches by itself."""
    api_key: SecretStr | None = None
    """One that may do everything to collections and aliases of this name."""
    collection: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:_[a-z0-9]+)*$", max_length=40)] = "revenge"
    """Two installations that share a server need two names."""
    timeout: PositiveDuration = timedelta(seconds=1)
    """How long a search waits for it before PostgreSQL is asked instead."""

    @property
    def is_configured(self) -> bool:
        return self.url is not None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.url is None) != (self.api_key is None):
            raise ValueError("url and api_key must be set together")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class SearchSettings:
    typesense: TypesenseSettings = TypesenseSettings()
