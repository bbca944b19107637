"""Path → parsed name. Pure and total: it never raises, reads nothing, and takes bounded time whatever the name is.

What it says is a reading, not the truth: sources and people correct it, and a file keeps the item it once got.
Films only so far: names of shows and music are left as they are until their items are built.
"""

from app.library.kinds import LibraryKind
from app.library.naming.movies import parse_movie
from app.library.naming.parsed import ParsedName
from app.library.naming.places import anchor_of, is_disc_folder
from app.library.naming.text import readable, sort_key, title_key

__all__ = ["ParsedName", "anchor_of", "is_disc_folder", "parse", "readable", "sort_key", "title_key"]


def parse(path: bytes, kind: LibraryKind) -> ParsedName:
    """Read a path below its root. The kind of the library is the context: most misreadings mix the kinds up."""
    if kind is LibraryKind.MOVIES:
        return parse_movie(path)
    stem = path.rpartition(b"/")[2].rpartition(b".")[0] or path
    return ParsedName(title=readable(stem) or "?")
