"""JSON that a job's metadata can take."""

import json
from typing import Any

import msgspec

from app.errors import InvalidInput
from app.jobs.attempt_error import storable

LARGEST_OUTPUT = 32 * 1024 * 1024
"""Bytes of one value, encoded. River's limit."""


def encode_staged(key: str, value: Any) -> msgspec.Raw:
    """Encode a value as it will be stored.

    Raises:
        InvalidInput: it is no JSON, or larger than 32 MiB.
    """
    try:
        encoded = _encode(value)
        if b"\\u0000" in encoded:
            encoded = _encode(_storable_throughout(value))
    except (TypeError, ValueError, RecursionError) as err:
        raise InvalidInput(key, f"is no JSON: {err}") from err
    if len(encoded) > LARGEST_OUTPUT:
        raise InvalidInput(key, f"has {len(encoded)} bytes; at most {LARGEST_OUTPUT} are kept on a job's row")
    return msgspec.Raw(encoded)


def encode_patch(staged: dict[str, Any]) -> bytes:
    """Encode what an attempt has staged as the object to merge into its row's metadata."""
    return msgspec.json.encode(
        {
            storable(key): value if isinstance(value, msgspec.Raw) else encode_staged(key, value)
            for key, value in staged.items()
        }
    )


def _encode(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):  # lone surrogates; whole numbers beyond 64 bits, which JSON may have
        return json.dumps(_storable_throughout(value), ensure_ascii=False, allow_nan=False).encode()


def _storable_throughout(value: Any) -> Any:
    """Replace, in every text within, what jsonb or UTF-8 refuse."""
    return _replace(msgspec.to_builtins(value))


def _replace(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_replace(key): _replace(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_replace(one) for one in value]
    return value
