"""What somebody asked us not to see: `.ignore` and `.revengeignore`, with lines as git's ignore files have them.

Supported: comments, `!`, a leading or inner `/` that ties a line to its folder, a trailing `/` for folders only, `*`,
`?`, `**`, `[a-z]`, `\\` before a sign that means itself. An empty file hides its folder with everything below. As in
git, what lies in a hidden folder cannot be shown again. Names are bytes and their case counts.
"""

import errno
import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Self

from app.library.paths import absolute

IGNORE_FILES = (b".ignore", b".revengeignore")
"""Read in this order, so that ours has the last word."""

MAX_BYTES = 64 * 1024
"""Of one file; what is beyond is not read."""

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Pattern:
    expression: re.Pattern[bytes]
    """For a path below the pattern's own folder."""
    folders_only: bool
    shows: bool
    """The line began with `!`."""


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules in force in a folder: its own after those of the folders above."""

    layers: tuple[tuple[bytes, tuple[Pattern, ...]], ...]
    digest: bytes
    """Part of every signature below: other rules make other folders of them."""
    hides_all: bool = False

    def below(self, folder: bytes, contents: list[bytes]) -> Self:
        """Return the rules of `folder`, whose own ignore files hold `contents`."""
        digest = blake2b(self.digest + b"\0".join(contents), digest_size=16).digest()
        if any(not content.strip() for content in contents):
            return type(self)(self.layers, digest, hides_all=True)
        patterns = tuple(pattern for content in contents for pattern in _parse(content))
        return type(self)((*self.layers, (folder, patterns)), digest)

    def hides(self, path: bytes, *, is_folder: bool) -> bool:
        """Whether something in the folder of these rules is not to be seen. The last line that speaks of it decides."""
        for folder, patterns in reversed(self.layers):
            inner = path[len(folder) + 1 :] if folder else path
            for pattern in reversed(patterns):
                if (is_folder or not pattern.folders_only) and pattern.expression.fullmatch(inner):
                    return not pattern.shows
        return False


NO_RULES = IgnoreRules((), b"")


def rules_in(root: bytes, folder: bytes, above: IgnoreRules) -> IgnoreRules:
    """Return the rules of a folder, reading its own ignore files.

    Raises:
        OSError: one is there and cannot be read, so what it hides is not known.
    """
    found = (_read(absolute(root, folder + b"/" + name if folder else name)) for name in IGNORE_FILES)
    contents = [content for content in found if content is not None]
    return above.below(folder, contents) if contents else above


def _read(path: bytes) -> bytes | None:
    """Return what an ignore file holds; None if there is none, or something that is no file."""
    try:
        file = os.open(path, _FLAGS)
    except OSError as err:
        if err.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}:
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        return os.read(file, MAX_BYTES)
    finally:
        os.close(file)


@lru_cache(maxsize=256)
def _parse(content: bytes) -> tuple[Pattern, ...]:
    return tuple(pattern for line in content.splitlines() if (pattern := _pattern(line)) is not None)


def _pattern(line: bytes) -> Pattern | None:
    line = _without_trailing_blanks(line)
    shows = line.startswith(b"!")
    line = line[shows:]
    folders_only = line.endswith(b"/")
    line = line.rstrip(b"/") if folders_only else line
    if not line or line.startswith(b"#"):
        return None
    is_tied = b"/" in line
    line = line.removeprefix(b"/")
    try:
        expression = re.compile((b"" if is_tied else b"(?:.*/)?") + _translate(line), re.DOTALL)
    except re.error:
        return None  # such as a range that ends before it begins: it matches nothing
    return Pattern(expression, folders_only, shows)


def _without_trailing_blanks(line: bytes) -> bytes:
    stripped = line.rstrip(b" \t\r")
    return stripped + b" " if stripped.endswith(b"\\") and stripped != line else stripped


_TOKEN = re.compile(
    rb"(?P<deep>\*\*/)|(?P<rest>/\*\*\Z)|(?P<star>\*+)|(?P<one>\?)|(?P<escaped>\\.)"
    rb"|\[(?P<not>[!^]?)(?P<set>\]?[^\]/]*)\]|(?P<plain>.)",
    re.DOTALL,
)


def _translate(glob: bytes) -> bytes:
    return b"".join(_token(found) for found in _TOKEN.finditer(glob))


_FIXED = {"deep": b"(?:.*/)?", "rest": b"/.+", "star": b"[^/]*", "one": b"[^/]"}


def _token(found: re.Match[bytes]) -> bytes:
    kind = found.lastgroup or ""
    if kind in _FIXED:
        return _FIXED[kind]
    if kind == "set":
        inner = found["set"].replace(b"\\", b"\\\\").replace(b"]", b"\\]").replace(b"[", b"\\[")
        return b"(?!/)[" + (b"^" if found["not"] else b"") + inner + b"]"
    return re.escape(found[0][1:] if kind == "escaped" else found[0])
