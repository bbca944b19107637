"""Path → parsed name. Pure and total: it never raises, reads nothing, and takes bounded time whatever the name is.

What it says is a reading, not the truth: sources and people correct it, and a file keeps the item it once got.
The kind of the library is the context, so each has a parser of its own: most misreadings mix the kinds up.
The shapes they return, and what each field means, stand in `parsed`.
"""

from app.library.naming.anchors import anchor_of
from app.library.naming.episodes import parse_episode
from app.library.naming.movies import parse_movie
from app.library.naming.parsed import (
    ArtworkRole,
    ParsedEpisode,
    ParsedMovie,
    ParsedSideFile,
    ParsedTrack,
    SideKind,
)
from app.library.naming.places import is_disc_folder
from app.library.naming.side_files import parse_side_file
from app.library.naming.text import decoded, readable, sort_key, title_key
from app.library.naming.tracks import parse_track

__all__ = [
    "ArtworkRole",
    "ParsedEpisode",
    "ParsedMovie",
    "ParsedSideFile",
    "ParsedTrack",
    "SideKind",
    "anchor_of",
    "decoded",
    "is_disc_folder",
    "parse_episode",
    "parse_movie",
    "parse_side_file",
    "parse_track",
    "readable",
    "sort_key",
    "split",
    "title_key",
]


def split(path: bytes) -> tuple[tuple[str, ...], str]:
    """Return the folders and the name of a path below its root, as text."""
    *folders, name = path.split(b"/")
    return tuple(readable(folder) for folder in folders), readable(name)
