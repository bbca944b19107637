"""Whether a root may be believed: asked before a scan walks it, and again before the scan takes anything for lost."""

from functools import partial

from app.db.tx import Transactions
from app.library.repository import folders
from app.library.scan.state import RootScan
from app.library.threads import in_thread
from app.library.trust import is_marked, why_offline

UNMARKED = "its marker has gone since the scan began: another disk may be mounted in its place"


async def why_away(transactions: Transactions, scan: RootScan) -> str | None:
    """Return why this root must not be believed now, None if it may be.

    What lay in it, a hundred thousand names where everything lies in one folder, is read only if no marker vouches, and
    kept: later the names recorded are also those that the scan itself has found, on whatever disk.
    """
    root = scan.root
    scan.is_marked = await in_thread(partial(is_marked, root.path, root.id))
    if scan.is_marked:
        return None
    async with transactions.begin() as tx:
        scan.top_names = await folders.top_names(tx, root.id)
    return await in_thread(partial(why_offline, root.path, root.id, scan.top_names))


async def why_away_now(scan: RootScan) -> str | None:
    """The same later in a scan, by what vouched for the root when it began."""
    root = scan.root
    if not scan.is_marked:
        return await in_thread(partial(why_offline, root.path, root.id, scan.top_names))
    if await in_thread(partial(is_marked, root.path, root.id)):
        return None
    return await in_thread(partial(why_offline, root.path, root.id, ())) or UNMARKED
