"""Keys that secrets are sealed with, as people write them: 32 random bytes in base64."""

import base64
import binascii
import re

KEY_BYTES = 32


def sealing_keys(text: str) -> list[bytes]:
    """Read keys with commas or white space between them; the first is the one that seals.

    Raises:
        ValueError: says what is wrong, and nothing of what stands there.
    """
    keys = [_decoded(word) for word in re.split(r"[\s,]+", text.strip()) if word]
    if not keys:
        raise ValueError(f"must be {KEY_BYTES} random bytes in base64; make them with: openssl rand -base64 32")
    if len(set(keys)) < len(keys):
        raise ValueError("holds the same key twice")
    return keys


def _decoded(word: str) -> bytes:
    try:
        key = base64.b64decode(word.replace("-", "+").replace("_", "/") + "=" * (-len(word) % 4), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be {KEY_BYTES} random bytes in base64; make them with: openssl rand -base64 32")
    return key
