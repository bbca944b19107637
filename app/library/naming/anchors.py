"""Which folder the files of a folder are built around."""

from app.library.kinds import LibraryKind
from app.library.naming.episodes import series_home
from app.library.naming.places import part_at, special_from
from app.library.naming.text import readable
from app.library.naming.tracks import album_home


def anchor_of(folder: bytes, kind: LibraryKind = LibraryKind.MOVIES) -> bytes:
    """Return the folder whose items the files in `folder` belong to: itself, or the film's, series' or album's.

    All files of one anchor are read together. A series whose seasons lie in folders of their own beside each other
    (`Show.S01.1080p`, `Show.S02.1080p`) has several anchors and one title.
    """
    names = folder.split(b"/") if folder else []
    if kind is LibraryKind.MOVIES:
        index = special_from(names)
        if index is None and part_at(names) is not None:
            index = len(names) - 1
        return folder if index is None else b"/".join(names[:index])
    folders = [readable(name) for name in names]
    home = series_home(folders) if kind is LibraryKind.TVSHOWS else album_home(folders)
    return b"/".join(names[:home])
