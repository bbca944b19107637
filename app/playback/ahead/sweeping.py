"""Pictures whose file is gone."""

from app.library.threads import in_thread
from app.playback.ahead.files import FilesAhead
from app.playback.ahead.store import PictureStore


async def sweep(store: PictureStore, files: FilesAhead) -> int:
    """Remove what belongs to no file; return how many folders."""
    gone = await files.gone(await in_thread(store.known))
    for one in gone:
        await in_thread(lambda file_id=one: store.remove(file_id))  # type: ignore[misc]  # bound at once
    return len(gone)
