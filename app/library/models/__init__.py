"""The tables of this domain: what is on disk (root, folder, file, stream, chapter) and what you see (item)."""

from app.library.kinds import FactSource, FileKind, FileRole, FileState, ItemKind, ItemState, LibraryKind
from app.library.models.columns import SortText, Timestamp
from app.library.models.descriptions import (
    Certification,
    CertifyingCountry,
    Collection,
    CollectionItem,
    CollectionText,
    Credit,
    Image,
    ItemDetail,
    ItemLabel,
    ItemText,
    Label,
    Person,
    Rating,
)
from app.library.models.libraries import Library, LibraryRoot
from app.library.models.on_disk import Chapter, File, Folder, Keyframes, Stream
from app.library.models.side_files import SideFile, SideReading
from app.library.models.what_you_see import AGE, SEARCH_VECTOR, ExternalId, Item, ItemArtist, ItemFacts, ItemFile

__all__ = [
    "AGE",
    "SEARCH_VECTOR",
    "Certification",
    "CertifyingCountry",
    "Chapter",
    "Collection",
    "CollectionItem",
    "CollectionText",
    "Credit",
    "ExternalId",
    "FactSource",
    "File",
    "FileKind",
    "FileRole",
    "FileState",
    "Folder",
    "Image",
    "Item",
    "ItemArtist",
    "ItemDetail",
    "ItemFacts",
    "ItemFile",
    "ItemKind",
    "ItemLabel",
    "ItemState",
    "ItemText",
    "Keyframes",
    "Label",
    "Library",
    "LibraryKind",
    "LibraryRoot",
    "Person",
    "Rating",
    "SideFile",
    "SideReading",
    "SortText",
    "Stream",
    "Timestamp",
]
