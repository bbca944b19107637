"""The keys that seal secrets, as the API shows them: by ids that tell nothing about them."""

from datetime import datetime

import msgspec

from app.vault import rotation


class SealingKey(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    is_current: bool
    """What is sealed now is sealed with it."""
    is_here: bool
    """Whether the node that answers has it."""
    secrets: int
    """How many it sealed."""
    created_at: datetime | None
    """When something was first sealed with it."""

    @classmethod
    def of(cls, key: rotation.KnownKey) -> "SealingKey":
        return cls(
            id=key.id, is_current=key.is_current, is_here=key.is_here, secrets=key.secrets, created_at=key.created_at
        )


class SealingKeys(msgspec.Struct, frozen=True):
    keys: list[SealingKey]


class PreparedKey(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    key_file: str
    """Where it is, on the node that answers: to be copied to the others before a rotation."""


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    resumed: bool
    """There was a rotation to be finished, so no new key was made."""
    resealed: int
    unreadable: list[str]
    """Where the secrets are that were left as they were: no key of the node that answers opens them."""

    @classmethod
    def of(cls, done: rotation.Rotated) -> "Rotated":
        return cls(
            key=done.key_id, resumed=done.resumed, resealed=done.resealed, unreadable=list(map(str, done.unreadable))
        )


class SecretsForgotten(msgspec.Struct, frozen=True):
    secrets: int
