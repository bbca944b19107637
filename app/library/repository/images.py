"""Pictures inside media files."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.library.repository.rows import rows, run


@dataclass(frozen=True, slots=True)
class EmbeddedRow:
    """A picture in a media file, as it is to be noted."""

    id: UUID
    file_id: UUID
    role: str
    stream_index: int
    position: int
    width: int | None
    height: int | None


PICTURES_OF_FILES = "SELECT id, pictures FROM file WHERE id = ANY(%s) AND jsonb_array_length(pictures) > 0"

DROP = "DELETE FROM image WHERE file_id = ANY(%s)"

ADD = """
    INSERT INTO image (source, id, file_id, role, stream_index, position, width, height)
    SELECT 'embedded', new.*
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[], %s::int[], %s::int[], %s::int[]) AS new
"""


async def pictures_of_files(tx: Tx, file_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return what probing found attached to these files, of those that have any."""
    return {row[0]: row[1] for row in await rows(tx, PICTURES_OF_FILES, list(file_ids))}


async def put_embedded(tx: Tx, file_ids: Sequence[UUID], found: Sequence[EmbeddedRow]) -> None:
    """Make these the pictures of these files."""
    await run(tx, DROP, list(file_ids))
    if found:
        await run(tx, ADD, *map(list, zip(*map(astuple, found), strict=True)))
