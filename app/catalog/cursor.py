"""Where a listing goes on: the sort keys of the last row shown, sealed into a text that means nothing to its holder.

The seal names what was asked, so a cursor of one listing is refused by another. It is a check, not a secret: whoever
forges one gets another position in what they may see anyway, because permissions are asked anew for every page.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from app.errors import InvalidInput

K = TypeVar("K")

MAX_LENGTH = 4096
"""Characters. The longest sort title comes from a name of 255 bytes."""

_SEAL_BYTES = 9


class BadCursor(InvalidInput):
    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("cursor", "does not belong to this listing; ask without it to begin again")


def encode_cursor(listing: object, keys: Sequence[object]) -> str:
    payload = msgspec.json.encode(keys)
    return _text(_seal(listing, payload) + payload)


def decode_cursor(listing: object, cursor: str, keys_type: type[K]) -> K:
    """Return the keys.

    Raises:
        BadCursor: the text is none of ours, or of another listing.
    """
    if len(cursor) > MAX_LENGTH or not cursor.isascii():
        raise BadCursor
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise BadCursor from None
    payload = raw[_SEAL_BYTES:]
    if raw[:_SEAL_BYTES] != _seal(listing, payload) or _text(raw) != cursor:
        raise BadCursor
    try:
        return msgspec.json.decode(payload, type=keys_type)
    except msgspec.DecodeError:
        raise BadCursor from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _seal(listing: object, payload: bytes) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(listing) + b"\n" + payload, digest_size=_SEAL_BYTES).digest()
