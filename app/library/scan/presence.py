"""Whether a root may be believed, asked in an order that costs least."""

from functools import partial

from app.db.tx import Transactions
from app.library.records import RootRecord
from app.library.repository import folders
from app.library.threads import in_thread
from app.library.trust import is_marked, why_offline


async def why_away(transactions: Transactions, root: RootRecord) -> str | None:
    """Return why this root must not be believed now, None if it may be.

    What lay in it, a hundred thousand names where everything lies in one folder, is read only if no marker vouches.
    """
    if await in_thread(partial(is_marked, root.path, root.id)):
        return None
    async with transactions.begin() as tx:
        known = await folders.top_names(tx, root.id)
    return await in_thread(partial(why_offline, root.path, root.id, known))
