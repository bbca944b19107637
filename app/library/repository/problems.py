"""Files that could not be read, or not all of them."""

from typing import NamedTuple
from uuid import UUID

from app.db.tx import Tx
from app.library.paths import display_path, join
from app.library.repository.rows import named_rows


class Trouble(NamedTuple):
    id: UUID
    """Of a media file, or of a side file."""
    is_media: bool
    library_id: UUID
    root: str
    path: str
    """Below the root, for people."""
    problem: str
    detail: str | None
    item_ids: list[UUID]


TROUBLED = """
    SELECT * FROM (
        (SELECT file.id, TRUE AS is_media, root.library_id, root.display_path, folder.path, file.name, file.problem,
            file.problem_detail, ARRAY(SELECT item_id FROM item_file WHERE file_id = file.id ORDER BY item_id)
        FROM file JOIN folder ON folder.id = file.folder_id JOIN library_root root ON root.id = file.root_id
        WHERE file.problem IS NOT NULL AND file.state = 'present'
            AND (%(library)s::uuid IS NULL OR root.library_id = %(library)s)
            AND (%(before)s::uuid IS NULL OR file.id < %(before)s)
        ORDER BY file.id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT side.id, FALSE, root.library_id, root.display_path, folder.path, side.name, side.problem,
            NULL, side.read_for
        FROM side_file side JOIN folder ON folder.id = side.folder_id JOIN library_root root ON root.id = folder.root_id
        WHERE side.problem IS NOT NULL
            AND (%(library)s::uuid IS NULL OR root.library_id = %(library)s)
            AND (%(before)s::uuid IS NULL OR side.id < %(before)s)
        ORDER BY side.id DESC LIMIT %(limit)s)
    ) AS troubled ORDER BY id DESC LIMIT %(limit)s
"""


async def find(tx: Tx, library_id: UUID | None, before: UUID | None, limit: int) -> list[Trouble]:
    """Return the files that have a problem, those found last first, further back than `before`."""
    found = await named_rows(tx, TROUBLED, {"library": library_id, "before": before, "limit": limit})
    return [
        Trouble(
            id=row[0],
            is_media=row[1],
            library_id=row[2],
            root=row[3],
            path=display_path(join(row[4], row[5])),
            problem=row[6],
            detail=row[7],
            item_ids=row[8],
        )
        for row in found
    ]
