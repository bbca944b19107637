"""Items, and which files they are made of."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.library.repository.rows import column

REFRESH_STATES = """
    WITH touched AS (
        SELECT DISTINCT item_id FROM item_file WHERE file_id = ANY(%s)
    ), found AS (
        SELECT touched.item_id, EXISTS (
            SELECT FROM item_file JOIN file ON file.id = item_file.file_id
            WHERE item_file.item_id = touched.item_id AND item_file.role <> 'extra' AND file.state = 'present'
        ) AS is_present
        FROM touched
    )
    UPDATE item
    SET state = CASE WHEN found.is_present THEN 'present' ELSE 'missing' END,
        missing_since = CASE WHEN found.is_present THEN NULL ELSE now() END,
        updated_at = now()
    FROM found
    WHERE item.id = found.item_id AND found.is_present <> (item.state = 'present')
    RETURNING item.id
"""


async def refresh_states(tx: Tx, file_ids: Sequence[UUID]) -> list[UUID]:
    """Make items missing or present by what their files are now. Returns those that changed."""
    return await column(tx, REFRESH_STATES, list(file_ids))
