"""What Typesense is given of an item. Pure.

Words come folded, and cut where a script has no spaces, by the very rules that PostgreSQL's documents are made by
(`app.catalog.index`): so both engines find the same, and no field needs a locale.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.index.documents import VERSION, Document
from app.catalog.index.folding import words
from app.catalog.permission import UNRATED

SCHEMA_VERSION = 1
"""Of the fields below. Raise it with any change of them, and the collection is made anew."""

RANKS = ("movie", "series", "artist", "album", "track", "episode", "season")
"""What is shown first of what fits alike."""

_FIELDS: Sequence[Mapping[str, Any]] = (
    {"name": "titles", "type": "string[]"},
    {"name": "words", "type": "string"},
    {"name": "library_id", "type": "string"},
    {"name": "kind", "type": "string"},
    {"name": "min_age", "type": "int32"},
    {"name": "popularity", "type": "int32", "sort": True},
    {"name": "rank", "type": "int32", "sort": True},
)

MAX_INT32 = 2**31 - 1


def rules() -> str:
    """Name the rules that a collection was filled by, as a part of its own name."""
    return f"v{SCHEMA_VERSION}x{VERSION}"


def schema(collection: str) -> dict[str, Any]:
    """Return a collection as Typesense wants it described."""
    return {"name": collection, "fields": list(_FIELDS), "default_sorting_field": "popularity"}


def exported(document: Document, min_age: int | None) -> dict[str, Any]:
    """Return the document of an item as Typesense keeps it."""
    everything = (*document.own, *document.around, *document.people, *document.numbers)
    return {
        "id": document.item_id.hex,
        "titles": [" ".join(words(title)) for title in document.titles],
        "words": " ".join(dict.fromkeys(everything)),
        "library_id": document.library_id.hex,
        "kind": document.kind,
        "min_age": UNRATED if min_age is None else min_age,
        "popularity": min(document.popularity, MAX_INT32),
        "rank": RANKS.index(document.kind),
    }
