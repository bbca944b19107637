"""Files → items: what the files around an anchor are, by the kind of their library."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import LibraryKind
from app.library.scan.films import plan_films
from app.library.scan.shelving import Built, write
from app.library.scan.shows import plan_shows
from app.library.scan.songs import build_music

__all__ = ["Built", "build_items"]


async def build_items(
    tx: Tx, library_id: UUID, kind: LibraryKind, anchor_ids: Sequence[UUID], changed_files: Sequence[UUID]
) -> Built:
    """Make the items around these anchors what their files say, and present while one of their files is.

    The caller holds the library's row: two who build at once would make one series twice.
    """
    if kind is LibraryKind.MUSIC:
        return await build_music(tx, library_id, anchor_ids, changed_files)
    plan = plan_films if kind is LibraryKind.MOVIES else plan_shows
    return await write(tx, library_id, await plan(tx, library_id, anchor_ids), changed_files)
