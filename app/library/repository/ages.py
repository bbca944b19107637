"""From which age an item is: kept on its row, so that lists can be held to a limit by index.

An item's own age is the one that the source that counts most gives it, of several countries the strictest. What it is
shown as is never below what it belongs to: an episode has its series' age, or a higher one of its own. Nobody calls a
series by its episodes. NULL is unrated.

What an item belongs to is locked first, and read after that: of a scan that adds an episode and a source that rates its
series at the same moment, the later one sees what the earlier did.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import FactSource
from app.library.repository.rows import named_rows, rows, run

OWN = """(
    SELECT max(said.age) FROM certification said WHERE said.item_id = {0}.id AND said.age IS NOT NULL
    GROUP BY said.source ORDER BY array_position(%(sources)s::text[], said.source) LIMIT 1
)"""

LINE = """
    FROM item LEFT JOIN item parent ON parent.id = item.parent_id LEFT JOIN item above ON above.id = parent.parent_id
"""

REFRESH = f"""
    WITH touched AS (
        SELECT unnest(%(ids)s::uuid[]) AS id
        UNION SELECT child.id FROM item child WHERE child.parent_id = ANY(%(ids)s)
        UNION SELECT child.id FROM item middle JOIN item child ON child.parent_id = middle.id
            WHERE middle.parent_id = ANY(%(ids)s)
    ), aged AS (
        SELECT item.id, greatest({OWN.format("item")}, {OWN.format("parent")}, {OWN.format("above")}) AS age
        {LINE} JOIN touched ON touched.id = item.id
    )
    UPDATE item SET min_age = aged.age
    FROM aged WHERE item.id = aged.id AND item.min_age IS DISTINCT FROM aged.age
    RETURNING item.id
"""  # noqa: S608  ours

LOCK = """
    WITH RECURSIVE line (id, parent_id) AS (
        SELECT id, parent_id FROM item WHERE id = ANY(%s)
        UNION SELECT item.id, item.parent_id FROM line JOIN item ON item.id = line.parent_id
    )
    SELECT item.id FROM item WHERE item.id IN (SELECT id FROM line) ORDER BY item.id FOR {0}
"""

INHERIT = f"""
    UPDATE item SET min_age = new.age
    FROM (
        SELECT item.id, greatest(parent.min_age, above.min_age) AS age {LINE} WHERE item.id = ANY(%s)
    ) AS new
    WHERE item.id = new.id AND new.age IS NOT NULL
"""  # noqa: S608  ours


async def refresh(tx: Tx, item_ids: Collection[UUID]) -> list[UUID]:
    """Work out the ages of these items and of all that is below them. Returns those that have another one now."""
    if not item_ids:
        return []
    await rows(tx, LOCK.format("NO KEY UPDATE"), sorted(item_ids))
    found = await named_rows(tx, REFRESH, {"ids": sorted(item_ids), "sources": [one.value for one in FactSource]})
    return [row[0] for row in found]


async def inherit(tx: Tx, parents: Mapping[UUID, UUID]) -> None:
    """Give new items, of which nobody has said anything yet, the age of what they belong to: parents by child."""
    if older := sorted(set(parents.values()) - parents.keys()):
        await rows(tx, LOCK.format("SHARE"), older)
        await run(tx, INHERIT, sorted(parents))
