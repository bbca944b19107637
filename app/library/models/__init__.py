"""The tables of this domain: what is on disk (root, folder, file, stream, chapter) and what you see (item)."""

from app.library.kinds import FileKind, FileRole, FileState, ItemKind, ItemState, LibraryKind
from app.library.models.columns import SortText, Timestamp
from app.library.models.libraries import Library, LibraryRoot
from app.library.models.on_disk import Chapter, File, Folder, Stream
from app.library.models.what_you_see import SEARCH_VECTOR, ExternalId, Item, ItemFile

__all__ = [
    "SEARCH_VECTOR",
    "Chapter",
    "ExternalId",
    "File",
    "FileKind",
    "FileRole",
    "FileState",
    "Folder",
    "Item",
    "ItemFile",
    "ItemKind",
    "ItemState",
    "Library",
    "LibraryKind",
    "LibraryRoot",
    "SortText",
    "Stream",
    "Timestamp",
]
