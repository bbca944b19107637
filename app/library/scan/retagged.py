"""What happens to a song when its tags are known: its track goes to where they say."""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.library.ports import AnalysisListener
from app.library.repository import music
from app.library.scan.songs import place_songs
from app.library.service import LibraryService


class PlaceTracks(AnalysisListener):
    """Works in the transaction that keeps the tags, so no one sees the one without the other."""

    def __init__(self, service: LibraryService) -> None:
        self._service = service

    async def media_analyzed(self, tx: Tx, file_ids: Sequence[UUID]) -> None:
        """Place the songs among these files; anything else is passed by."""
        for library_id, songs in (await music.by_library(tx, file_ids)).items():
            built = await place_songs(tx, library_id, songs)
            await self._service.announce_changed(tx, built.changed)
