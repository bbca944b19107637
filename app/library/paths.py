"""Names of files as the system has them: bytes. Text is only for showing.

A name may hold anything but `/` and NUL: newlines, escape sequences, bytes that are no UTF-8. PostgreSQL's text takes
no lone surrogates, and a terminal should see no escape sequence, so identity is bytes and what is shown is a copy.
"""

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that draw nothing or change how their neighbours are drawn (bidirectional overrides)."""

_JOINER = "\u200d"
"""Zero width joiner: a format character that ordinary emoji and several scripts cannot do without."""


def display_path(path: bytes) -> str:
    """Show a path: valid text as it is, whatever a terminal or a page should not see as `\\x1b` or `\\u202e`.

    Not reversible; nothing is ever opened by the result.
    """
    text = path.decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_show, text))


def _show(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN or character == _JOINER:
        return character
    return character.encode("unicode_escape").decode()


def join(folder: bytes, name: bytes) -> bytes:
    """Join a folder below a root (empty for the root itself) and a name in it."""
    return folder + b"/" + name if folder else name


def parent_of(path: bytes) -> bytes:
    """Return the folder that holds `path`, empty for the root."""
    return path.rpartition(b"/")[0]


def absolute(root: bytes, path: bytes) -> bytes:
    return (b"" if root == b"/" else root) + b"/" + path if path else root
