"""What can keep the bundled server from running, each with what to do about it."""

from pathlib import Path

from app.errors import Unavailable


class BinariesMissing(Unavailable):
    """No PostgreSQL programs that fit."""

    code = "postgres_missing"


class WrongMajor(Unavailable):
    """The data directory was written by a major version whose programs are not here."""

    code = "postgres_wrong_major"

    def __init__(self, data: Path, major: str, seen: list[str]) -> None:
        self.data = data
        self.major = major
        self.seen = seen
        super().__init__(
            f"{data} was written by PostgreSQL {major}, and only that version can open it; found here: "
            f"{', '.join(seen) or 'none'}. Install PostgreSQL {major} (Debian, Ubuntu: apt install postgresql-{major}; "
            f"macOS: brew install postgresql@{major}) or set database.binaries to the bin directory of one. To move to "
            f"another version, dump with the old one and restore into an empty data_dir"
        )


class DataDirectoryUnusable(Unavailable):
    """The directory cannot be made, entered or written."""

    code = "data_directory_unusable"

    def __init__(self, data: Path, reason: str) -> None:
        self.data = data
        self.reason = reason
        super().__init__(f"the database cannot be kept in {data}: {reason}")


class ServerFailed(Unavailable):
    """A program of PostgreSQL ended, or did not get ready. Quotes its own last words."""

    code = "postgres_failed"

    def __init__(self, what: str, *, output: str, log: Path | None = None) -> None:
        self.what = what
        self.output = output
        self.log = log
        where = f" (all of it in {log})" if log else ""
        said = f"; its last words{where}:\n{indented(output)}" if output else ""
        super().__init__(what + advice(output) + said)


def indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())


ADVICE = {
    "No space left on device": "the disk is full: make room there, nothing committed is lost",
    "Disk quota exceeded": "the disk quota is used up: make room there, nothing committed is lost",
    "File too large": "a file may not grow further: raise the file size limit (ulimit -f)",
    "Read-only file system": "the file system is read-only: mount it for writing",
    "Permission denied": "something there may not be read or written by this user: check its owner",
    "could not change permissions": "the file system keeps no permissions: set data_dir to a directory on a local disk",
    "invalid permissions": "the file system keeps no permissions: set data_dir to a directory on a local disk",
    "could not bind Unix address": "the file system takes no sockets: set data_dir to a directory on a local disk",
    "wrong ownership": "the directory belongs to another user: run as that user or change its owner",
    "could not create shared memory segment": "no shared memory left: raise the limit (in Docker: --shm-size)",
    "pre-existing shared memory block": "a former server's process still runs in it: wait for it or end it",
    "incompatible with server": "another PostgreSQL version wrote it",
}
"""What PostgreSQL says, and what a person should make of it. Its messages are English: the server runs with C."""


def advice(output: str) -> str:
    for words, meaning in ADVICE.items():
        if words in output:
            return f" ({meaning})"
    return ""
