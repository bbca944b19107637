"""Secrets that we make: 256 random bits each. Only their digests are stored, so a copy of the database opens nothing.

A plain SHA-256 is enough for them: there is nothing to guess, as there is with a password.
"""

import hashlib
import re
import secrets
from enum import StrEnum

BITS = 256


class TokenKind(StrEnum):
    """Said in the token, so that one that leaked is recognised by those who look for leaks, and never mistaken."""

    ACCESS = "rva"
    REFRESH = "rvr"
    API_KEY = "rvk"
    MEDIA = "rvm"
    PLAYBACK = "rvp"
    CODE = "rvc"
    LOCAL = "rvl"


TOKEN = re.compile(r"\b(?:rva|rvr|rvk|rvm|rvp|rvc|rvl)_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
"""Any of them, in any text."""


def make_token(kind: TokenKind) -> str:
    return f"{kind}_{secrets.token_urlsafe(BITS // 8)}"


def kind_of(token: str) -> TokenKind | None:
    """Return what a token says it is; None when it is none of ours."""
    return TokenKind(token[:3]) if TOKEN.fullmatch(token) else None


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
