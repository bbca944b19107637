"""From which age an item is: kept on its row, so that lists can be held to a limit by index.

An item's own age is the one that the source that counts most gives it: in the country that is set, else in none, else
the strictest of all it names. What it is shown as is never below what it belongs to: an episode has its series' age, or
a higher one of its own. Nobody calls a series by its episodes. NULL is unrated.

What an item belongs to is locked first, and read after that: of a scan that adds an episode and a source that rates its
series at the same moment, the later one sees what the earlier did.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import FactSource
from app.library.repository.rows import named_rows, rows, run

OWN = """(
    SELECT said.age FROM certification said WHERE said.item_id = {0}.id AND said.age IS NOT NULL
    ORDER BY array_position(%(sources)s::text[], said.source),
        said.country <> (SELECT home.country FROM certifying_country home), said.country <> '', said.age DESC
    LIMIT 1
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


SET_COUNTRY = """
    INSERT INTO certifying_country (country, is_applied) VALUES (%s, false)
    ON CONFLICT (singleton) DO UPDATE SET country = excluded.country, is_applied = false
    WHERE certifying_country.country <> excluded.country OR NOT certifying_country.is_applied
"""

CERTIFIED = """
    SELECT DISTINCT item_id FROM certification WHERE item_id > %s::uuid ORDER BY item_id LIMIT %s
"""

BEFORE_ALL = UUID(int=0)


async def set_country(tx: Tx, country: str) -> bool:
    """Let this country's certifications count first. Returns whether ages are to be worked out again for it."""
    return bool(await run(tx, SET_COUNTRY, country))


async def country_is_applied(tx: Tx) -> None:
    await run(tx, "UPDATE certifying_country SET is_applied = true WHERE NOT is_applied")


async def certified(tx: Tx, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next items by key that anybody says an age of."""
    return [row[0] for row in await rows(tx, CERTIFIED, after or BEFORE_ALL, limit)]


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
