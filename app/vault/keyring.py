"""Sealing and opening, as arithmetic: keys in, tokens out, nothing kept.

A sealed secret reads `rvs1.<key id>.<nonce, ciphertext and tag in base64url>`. AES-256-GCM seals it, with a nonce of 96
random bits: good for some four thousand million secrets of one key. The key's id and the place are sealed along, so
that a token that is moved to another row, column or table opens no more.
"""

import base64
import hmac
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.vault.errors import KeyMissing, SecretUnreadable
from app.vault.place import Place

FORMAT = "rvs1"
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Key:
    """32 random bytes, and an id that tells keys apart and nothing about them."""

    secret: bytes = field(repr=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", hmac.digest(self.secret, b"revenge key id", "sha256")[:8].hex())

    def cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self.secret, b"revenge seal", "sha256"))


class Keyring:
    """Keys, the one that seals first."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = {key.id: key for key in keys}
        self.first = keys[0]

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._keys

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys.values())

    def __getitem__(self, key_id: str) -> Key:
        """Raises: KeyMissing."""
        try:
            return self._keys[key_id]
        except KeyError:
            raise KeyMissing(key_id) from None

    def seal(self, plain: bytes, place: Place, key_id: str) -> str:
        """Raises: KeyMissing."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self[key_id].cipher().encrypt(nonce, plain, _along(key_id, place))
        return prefix(key_id) + _encoded(sealed)

    def open(self, sealed: str, place: Place) -> bytes:
        """Return what was sealed.

        Raises:
            KeyMissing: with a key that is not here.
            SecretUnreadable: not there, or not this.
        """
        key_id, content = _parts(sealed, place)
        try:
            return self[key_id].cipher().decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], _along(key_id, place))
        except (InvalidTag, ValueError):
            raise SecretUnreadable(place) from None


def prefix(key_id: str) -> str:
    """Return what everything begins with that this key sealed."""
    return f"{FORMAT}.{key_id}."


def _parts(sealed: str, place: Place) -> tuple[str, bytes]:
    match sealed.split("."):
        case [word, key_id, content] if word == FORMAT:
            try:
                decoded = base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))
            except ValueError:
                raise SecretUnreadable(place) from None
            # One text for one secret: the decoder passes over strange characters, and over bits that mean nothing.
            if _encoded(decoded) == content:
                return key_id, decoded
    raise SecretUnreadable(place)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _along(key_id: str, place: Place) -> bytes:
    return prefix(key_id).encode() + place.encoded()
