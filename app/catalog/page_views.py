"""What the catalogue answers with: pages, rows and counts of items."""

from uuid import UUID

import msgspec

from app.catalog.file_views import Time
from app.catalog.views import Item, ItemTree


class ItemTreePage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[ItemTree]
    next_cursor: str | None


class ItemPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Item]
    next_cursor: str | None
    """Give it back as `cursor` for what follows; null on the last page."""


class FacetCount(msgspec.Struct, frozen=True, kw_only=True):
    value: str
    count: int


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """Of what is listed, how many there are of each. The most frequent first, a hundred at most."""

    total: int
    """Items that were counted."""
    is_exact: bool
    """false: there are more, and these were drawn by chance."""
    kinds: list[FacetCount]
    genres: list[FacetCount]
    studios: list[FacetCount]
    countries: list[FacetCount]
    decades: list[FacetCount]
    resolutions: list[FacetCount]
    hdr: list[FacetCount]
    audio_languages: list[FacetCount]
    subtitle_languages: list[FacetCount]
    unmatched: int
    missing: int


class ItemRow(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Item]


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    watched_at: Time
    item: Item


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    entries: list[HistoryEntry]
    """The last first; one for each time that something was watched to its end."""
    next_cursor: str | None


class HomeRow(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    """continue_watching, next_up, recently_added (of a library; episodes as their series, songs as their albums) or
    genre."""
    library_id: UUID | None = None
    genre: str | None = None
    items: list[Item]


class Home(msgspec.Struct, frozen=True, kw_only=True):
    rows: list[HomeRow]


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Item]
    """The best first, of all kinds."""


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """Who searches, and how well it is kept up."""

    engine: str
    """postgresql or typesense: who is asked now."""
    documents: int
    """Items that can be found."""
    waiting: int
    """Changes that cannot be found yet."""
    collection: str | None = None
    """Of Typesense: the one that is searched."""
    building: str | None = None
    """The one that is being filled to take its place."""
    problem: str | None = None
    """Why PostgreSQL is asked although Typesense is configured."""
