"""What somebody is, and what a key of theirs is good for."""

from enum import StrEnum


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    """Changes the server, sees every library, looks into the engine."""
    MEMBER = "member"
    """Watches what they are given; keeps their own password, logins and keys."""
    GUEST = "guest"
    """Watches what they are given, and can change nothing, not even their own account."""


class Scope(StrEnum):
    """What an API key may do, at most: never more than the account it belongs to."""

    READ = "read"
    """Ask the catalogue: lists, items, files, images."""
    STREAM = "stream"
    """Fetch the bytes of files."""
    SCAN = "scan"
    """Ask for scans: for download tools. The account has to be an administrator's."""
    ADMIN = "admin"
    """Everything the account may do."""
