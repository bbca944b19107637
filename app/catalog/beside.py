"""Where the pictures of an item, and the subtitles and lyrics of a file, are: for whoever sends their bytes.

Permission is the item's and the media file's own; what lies beside them has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.accounts.viewer import LOCAL_ADMINISTRATOR, Viewer
from app.catalog import assemble, described, queries
from app.db.prepared import Row
from app.db.tx import Connected, Transactions, Tx
from app.errors import InvalidInput, NotFound
from app.library.artwork.store import ImageStore
from app.library.errors import FileNotFound, ItemNotFound, LibraryNotFound
from app.library.kinds import ImageRole, SideFileKind
from app.library.records import FileLocation, PictureSource
from app.library.repository.rows import run


@dataclass(frozen=True, slots=True)
class WordsPlace:
    location: FileLocation
    format: str


class Beside:
    def __init__(self, transactions: Transactions, store: ImageStore) -> None:
        self._transactions = transactions
        self._store = store

    async def picture(self, viewer: Viewer, item_id: UUID, role: str, index: int = 0) -> PictureSource:
        """Return where a picture of an item is, the best of its role for index 0.

        An item that has none of a role is shown by what it belongs to: an episode by its season or series, a track by
        its album, an album by its artist.

        Raises:
            InvalidInput: there is no such role.
            ItemNotFound: there is no such item, or not for this viewer.
            NotFound: it has no such picture.
        """
        if role not in set(ImageRole):
            raise InvalidInput("role", f"must be one of {', '.join(ImageRole)}")
        async with self._transactions.autocommit() as asked:
            found, rows = await _with_pictures(asked, viewer, item_id, role)
            if not found:
                raise ItemNotFound(item_id)
            while not rows and found and (parent_id := found[0]["parent_id"]) is not None:
                found, rows = await _with_pictures(asked, viewer, parent_id, role)
        if index >= len(rows):
            raise NotFound(f"{role} of item", item_id)
        return self._source(rows[index])

    async def library_picture(self, viewer: Viewer, library_id: UUID) -> PictureSource:
        """Return where the picture is that stands for a library: of the item that was chosen, else of what came last;
        a backdrop before a poster. Only of what the viewer may see.

        Raises:
            LibraryNotFound: there is no such library, or not for this viewer.
            NotFound: nothing in it has a picture yet.
        """
        async with self._transactions.begin() as tx:
            if not await queries.libraries(viewer, library_id).fetch(tx):
                raise LibraryNotFound(library_id)
            for role in (ImageRole.BACKDROP, ImageRole.POSTER):
                for found in await described.pictured(viewer, library_id, role).fetch(tx):
                    rows = await described.images_of(viewer, found["id"], role).fetch(tx)
                    if rows:
                        return self._source(rows[0])
        raise NotFound("picture of library", library_id)

    async def choose_picture(self, tx: Tx, library_id: UUID, item_id: UUID | None) -> None:
        """Let an item's picture stand for its library; None: what came last, again.

        Raises:
            LibraryNotFound.
            InvalidInput: the item is not in it.
        """
        if not await queries.libraries(LOCAL_ADMINISTRATOR, library_id).fetch(tx):
            raise LibraryNotFound(library_id)
        await run(tx, "DELETE FROM library_picture WHERE library_id = %s", library_id)
        if item_id is not None and not await run(
            tx,
            "INSERT INTO library_picture (library_id, item_id)"
            " SELECT library_id, id FROM item WHERE id = %s AND library_id = %s",
            item_id,
            library_id,
        ):
            raise InvalidInput("item_id", "must be an item of this library")

    def _source(self, row: Mapping[str, Any]) -> PictureSource:
        if row["digest"] is not None:
            location = self._store.location(bytes(row["digest"]), row["stored_size"])
            return PictureSource(location, None, row["tag"], row["shape"], is_stored=True)
        return PictureSource(assemble.side_file_location(row), row["stream_index"], row["tag"], row["shape"])

    async def subtitle(self, viewer: Viewer, file_id: UUID, index: int) -> WordsPlace:
        """Return where the subtitles beside a file are.

        Raises:
            FileNotFound: there is no such file, or not for this viewer.
            NotFound: there is nothing of the kind beside it.
        """
        return await self._words(viewer, file_id, SideFileKind.SUBTITLE, index)

    async def lyrics(self, viewer: Viewer, file_id: UUID, index: int) -> WordsPlace:
        """Return where the words of a song are. Raises as `subtitle` does."""
        return await self._words(viewer, file_id, SideFileKind.LYRICS, index)

    async def pictures(self, viewer: Viewer, file_id: UUID, index: int) -> FileLocation:
        """Return where the pictures are that the index of a VobSub tells of. Raises as `subtitle` does."""
        async with self._transactions.autocommit() as asked:
            row = await self._row(asked, viewer, file_id, SideFileKind.SUBTITLE, index)
            key = row["pictures_id"]
            found = [] if key is None else await described.pictures_of_words(key).fetch(asked)
        if not found:
            raise NotFound("pictures of subtitles of file", file_id)
        return assemble.side_file_location(found[0])

    async def _words(self, viewer: Viewer, file_id: UUID, kind: SideFileKind, index: int) -> WordsPlace:
        async with self._transactions.autocommit() as asked:
            row = await self._row(asked, viewer, file_id, kind, index)
        return WordsPlace(assemble.side_file_location(row), assemble.format_of(row["name"]))

    async def _row(self, asked: Connected, viewer: Viewer, file_id: UUID, kind: SideFileKind, index: int) -> Row:
        if not await queries.file(viewer, file_id).fetch(asked):
            raise FileNotFound(file_id)
        rows = [row for row in await described.words_of_files([file_id]).fetch(asked) if row["kind"] == kind]
        if index >= len(rows):
            raise NotFound(f"{kind} of file", file_id)
        return rows[index]


async def _with_pictures(asked: Connected, viewer: Viewer, item_id: UUID, role: str) -> tuple[list[Row], list[Row]]:
    """Return the item's row and its pictures' rows: none of either where it may not be seen."""
    found = await queries.items(viewer, [item_id]).fetch(asked)
    return found, await described.images_of(viewer, item_id, role).fetch(asked) if found else []
