"""Finding items by what somebody types, as they type it: the question, the port, and what is answered.

Who finds is behind a port (`SearchEngine`), so that another engine can stand in for PostgreSQL. An engine proposes;
what is shown has been asked of the catalogue by its own statements, with the viewer in them.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.accounts.viewer import Viewer
from app.catalog.page_views import SearchPage
from app.catalog.parts import read_items
from app.catalog.views import Item
from app.db.tx import Transactions
from app.errors import InvalidInput
from app.library.kinds import ItemKind

MAX_LIMIT = 100
MAX_QUERY = 200
"""Characters. A longer one is a paste, not a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    q: str
    kind: str | None = None
    library_id: UUID | None = None
    limit: int = 20


class SearchEngine(Protocol):
    async def find(self, viewer: Viewer, asked: SearchQuery) -> list[UUID]:
        """Return items, the best first: nothing that the viewer may not see, `limit` at most.

        Outside any transaction of the caller's: an engine may be another server.
        """
        ...


class Search:
    def __init__(self, transactions: Transactions, engine: SearchEngine) -> None:
        self._transactions = transactions
        self._engine = engine

    async def search(self, viewer: Viewer, asked: SearchQuery) -> SearchPage:
        """Return what fits best, of all kinds. Nothing typed finds nothing.

        Raises:
            InvalidInput: a field makes no sense.
        """
        _check(asked)
        found = await self._engine.find(viewer, asked)
        async with self._transactions.begin() as tx:
            items: list[Item] = await read_items(tx, viewer, found[: asked.limit])
        return SearchPage(items=items)


def _check(asked: SearchQuery) -> None:
    if not 1 <= asked.limit <= MAX_LIMIT:
        raise InvalidInput("limit", f"must be 1 to {MAX_LIMIT}")
    if len(asked.q) > MAX_QUERY:
        raise InvalidInput("q", f"may have {MAX_QUERY} characters at most")
    if asked.kind is not None and asked.kind not in set(ItemKind):
        raise InvalidInput("kind", f"must be one of {', '.join(ItemKind)}")
