"""`secrets` and `accounts`: what is sealed, who is the first, what is remembered."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from app.config.sealing_keys import sealing_keys
from app.config.sections.checks import STRICT_KEYS, AbsolutePath, PositiveDuration


def _sealing(keys: SecretStr) -> SecretStr:
    sealing_keys(keys.get_secret_value())
    return keys


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class SecretsSettings:
    """What secrets in the database are sealed with: provider tokens, for instance."""

    key: Annotated[SecretStr, AfterValidator(_sealing)] | None = None
    """The key itself; or several with commas, of which the first seals and all open. None: it is in the file."""
    key_file: AbsolutePath | None = None
    """Made on the first start. None: `secrets.key` in the data directory."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.key is not None and self.key_file is not None:
            raise ValueError("key and key_file cannot be set together")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class FirstAccountSettings:
    """The first administrator, for machines that nobody types at. Ignored once there is an account."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    password: Annotated[SecretStr, Field(min_length=8, max_length=256)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.name is None) != (self.password is None):
            raise ValueError("name and password must be set together")
        return self


@dataclass(frozen=True, kw_only=True, config=STRICT_KEYS)
class AccountsSettings:
    first: FirstAccountSettings = FirstAccountSettings()
    audit_retention: PositiveDuration | None = timedelta(days=400)
    """How long the book of what was done is kept. None: for ever."""
