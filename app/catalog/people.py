"""People, as far as somebody may see what they made: who is in nothing that they may see does not exist for them."""

from typing import Any
from uuid import UUID

from psycopg import sql

from app.accounts.viewer import Viewer
from app.catalog import permission
from app.catalog.assemble import portrait
from app.catalog.described import PORTRAIT
from app.catalog.queries import Statement
from app.catalog.views import PersonDetail
from app.db.tx import Transactions
from app.errors import NotFound
from app.library.artwork.store import ImageStore
from app.library.records import PictureSource


class People:
    def __init__(self, transactions: Transactions, store: ImageStore) -> None:
        self._transactions = transactions
        self._store = store

    async def person(self, viewer: Viewer, person_id: UUID) -> PersonDetail:
        """Raises: NotFound."""
        row = await self._row(viewer, person_id)
        return PersonDetail(
            id=row["id"],
            name=row["name"],
            roles=row["roles"],
            item_count=row["item_count"],
            image=portrait(row["id"], row["image"]),
        )

    async def picture(self, viewer: Viewer, person_id: UUID) -> PictureSource:
        """Raises: NotFound: there is no such person, not for this viewer, or no picture of them."""
        row = await self._row(viewer, person_id)
        if row["digest"] is None:
            raise NotFound("picture of person", person_id)
        location = self._store.location(bytes(row["digest"]), row["size"])
        return PictureSource(location, None, row["image"]["tag"], row["shape"], is_stored=True)

    async def _row(self, viewer: Viewer, person_id: UUID) -> dict[str, Any]:
        async with self._transactions.begin() as tx:
            rows = await person(viewer, person_id).fetch(tx)
        if not rows:
            raise NotFound("person", person_id)
        return rows[0]


def person(viewer: Viewer, person_id: UUID) -> Statement:
    """Return somebody, if there is an item of theirs to be seen."""
    text = sql.SQL("""
        SELECT person.id, person.name, made.roles, made.item_count, {portrait} AS image, image.digest, image.size,
            CASE WHEN image.height > 0 THEN image.width::float8 / image.height END AS shape
        FROM person
        CROSS JOIN LATERAL (
            SELECT array_agg(one.role ORDER BY one.count DESC, one.role) AS roles, (
                SELECT count(DISTINCT credit.item_id)
                FROM credit JOIN item ON item.id = credit.item_id WHERE credit.person_id = person.id AND {visible}
            ) AS item_count
            FROM (
                SELECT credit.role, count(DISTINCT credit.item_id)
                FROM credit JOIN item ON item.id = credit.item_id
                WHERE credit.person_id = person.id AND {visible} GROUP BY credit.role
            ) AS one
        ) AS made
        LEFT JOIN image ON image.person_id = person.id AND image.digest IS NOT NULL
        WHERE person.id = %(person_id)s AND made.item_count > 0
    """)
    composed = text.format(portrait=PORTRAIT, visible=permission.item(viewer))
    return Statement(composed, {**permission.parameters(viewer), "person_id": person_id})
