"""The state of what searches look into, and having it made anew: for administrators."""

from app.catalog.index.jobs import RebuildIndexArgs
from app.catalog.page_views import EngineState
from app.catalog.typesense.exporting import state_of
from app.catalog.typesense.server import TypesenseAway, TypesenseServer
from app.config import Settings
from app.db.tx import Transactions, Tx
from app.jobs.inserter import Inserter
from app.jobs.types import JobInsertResult
from app.library.repository.rows import rows

COUNT = "SELECT (SELECT count(*) FROM search_document), (SELECT count(*) FROM search_pending)"


class SearchUpkeep:
    def __init__(
        self, transactions: Transactions, inserter: Inserter, server: TypesenseServer | None, settings: Settings
    ) -> None:
        self._transactions = transactions
        self._inserter = inserter
        self._server = server
        self._alias = settings.search.typesense.collection

    async def show(self) -> EngineState:
        """Say who searches, and what waits to be found. Counts documents, so it is nothing to be asked often."""
        async with self._transactions.begin() as tx:
            ((documents, pending),) = await rows(tx, COUNT)
            export = await state_of(tx)
        if self._server is None:
            return EngineState(engine="postgresql", documents=documents, waiting=pending)
        collection = problem = None
        try:
            collection = await self._server.collection_of(self._alias)
        except TypesenseAway as err:
            problem = err.reason
        if collection is None and problem is None:
            problem = "its collection is not filled yet"
        return EngineState(
            engine="typesense" if problem is None else "postgresql",
            documents=documents,
            waiting=pending + (export.waiting if export is not None else 0),
            collection=collection,
            building=export.building if export is not None else None,
            problem=problem,
        )

    async def reindex(self, tx: Tx) -> JobInsertResult:
        """Have everything made anew. What there is is searched meanwhile."""
        return await self._inserter.insert_tx(tx.connection, RebuildIndexArgs(everything=True))
