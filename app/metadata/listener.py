"""News from the library → jobs, in the transaction that makes the news: no I/O, and nothing where nobody is asked."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.jobs.inserter import Inserter
from app.library.kinds import ItemKind
from app.metadata import repository
from app.metadata.contexts import Context, contexts, owners_of
from app.metadata.identifying import fetch_of
from app.metadata.jobs import FetchMetadataArgs
from app.metadata.kinds import ITEM_TYPES
from app.metadata.registry import Registry


class InsertFetchJobs:
    """What is new is asked for; what is called otherwise than when it was asked for is asked for again; and an episode
    that came later gets what its series' source says of it."""

    def __init__(self, registry: Registry, inserter: Inserter) -> None:
        self._registry = registry
        self._inserter = inserter

    async def items_changed(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        if not await self._registry.is_anybody_asked(tx):
            return
        late = set(await repository.untold(tx, item_ids))
        owners = await contexts(tx, await owners_of(tx, item_ids))
        behind = set(await owners_of(tx, sorted(late))) if late else set()
        kinds: dict[UUID, frozenset[ItemKind]] = {}
        for owner in owners:
            if owner.library_id not in kinds:
                sources, _ = await self._registry.of_library(tx, owner.library_id, owner.library_kind)
                kinds[owner.library_id] = frozenset().union(*(source.kinds for source in sources))
        wanted = [owner for owner in owners if owner.kind in kinds[owner.library_id]]
        if jobs := [job for owner in wanted if (job := _job(owner, is_behind=owner.item_id in behind)) is not None]:
            await self._inserter.insert_many_tx(tx.connection, jobs)

    async def items_merged(self, tx: Tx, merges: Sequence[tuple[UUID, UUID]]) -> None:
        await repository.merge_matches(tx, merges)

    async def items_purged(self, tx: Tx, item_ids: Sequence[UUID]) -> None:
        """Rows about items go with them."""


def _job(owner: Context, *, is_behind: bool) -> FetchMetadataArgs | None:
    known = owner.known
    if owner.is_open:
        return FetchMetadataArgs(item_id=owner.item_id, item_type=ITEM_TYPES[owner.kind])
    if not is_behind or known is None or known.source is None or known.external_id is None:
        return None
    return fetch_of(owner, known.source, known.external_id)
