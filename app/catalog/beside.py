"""Where the pictures of an item, and the subtitles and lyrics of a file, are: for whoever sends their bytes.

Permission is the item's and the media file's own; what lies beside them has none.
"""

from dataclasses import dataclass
from uuid import UUID

from app.accounts.viewer import Viewer
from app.catalog import assemble, described, queries
from app.db.tx import Transactions
from app.errors import InvalidInput, NotFound
from app.library.artwork.store import ImageStore
from app.library.errors import FileNotFound, ItemNotFound
from app.library.kinds import ImageRole, SideFileKind
from app.library.records import FileLocation, PictureSource


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
        async with self._transactions.begin() as tx:
            found = await queries.items(viewer, [item_id]).fetch(tx)
            if not found:
                raise ItemNotFound(item_id)
            rows = await described.images_of(viewer, item_id, role).fetch(tx)
            while not rows and found and (parent_id := found[0]["parent_id"]) is not None:
                found = await queries.items(viewer, [parent_id]).fetch(tx)
                if found:
                    rows = await described.images_of(viewer, parent_id, role).fetch(tx)
        if index >= len(rows):
            raise NotFound(f"{role} of item", item_id)
        row = rows[index]
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

    async def _words(self, viewer: Viewer, file_id: UUID, kind: SideFileKind, index: int) -> WordsPlace:
        async with self._transactions.begin() as tx:
            if not await queries.file(viewer, file_id).fetch(tx):
                raise FileNotFound(file_id)
            rows = [row for row in await described.words_of_files([file_id]).fetch(tx) if row["kind"] == kind]
        if index >= len(rows):
            raise NotFound(f"{kind} of file", file_id)
        row = rows[index]
        return WordsPlace(assemble.side_file_location(row), assemble.format_of(row["name"]))
