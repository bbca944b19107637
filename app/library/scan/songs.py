"""Music: artists, albums and tracks, against what their files were taken for before.

Tags know better than paths, and come later: a scan places songs by their paths, the analysis of each moves it to where
its tags say. A track keeps its item wherever it goes. The album and the artist that it leaves go along, under their new
name, unless a song that is analysed still means them: so a library that is tagged differently keeps its albums too.
"""

from collections.abc import Sequence
from uuid import UUID

from app.db.tx import Tx
from app.library.repository import music
from app.library.scan.shelving import Built, write
from app.library.scan.song_files import Song, read_songs
from app.library.scan.song_plan import MusicPlanner
from app.library.scan.song_shelf import load_shelf
from app.library.threads import in_thread


async def build_music(tx: Tx, library_id: UUID, anchor_ids: Sequence[UUID], returned_files: Sequence[UUID]) -> Built:
    """Make the items around these anchors what their files say."""
    rows = await music.songs_around(tx, anchor_ids)
    return await _build(tx, library_id, await in_thread(lambda: read_songs(rows)), returned_files)


async def place_songs(tx: Tx, library_id: UUID, file_ids: Sequence[UUID]) -> Built:
    """Move the tracks of these files to where their tags say. The caller has the library (`music.lock_music`)."""
    return await _build(tx, library_id, read_songs(await music.songs_of(tx, file_ids)), ())


async def _build(tx: Tx, library_id: UUID, songs: list[Song], returned_files: Sequence[UUID]) -> Built:
    found = await load_shelf(tx, library_id, songs)
    planner = await in_thread(lambda: MusicPlanner(library_id, songs, found).plan())
    return await write(tx, library_id, planner.changes, returned_files, lambda: _write_more(tx, planner))


async def _write_more(tx: Tx, planner: MusicPlanner) -> list[UUID]:
    """Write what only music has."""
    changed: list[UUID] = []
    if planner.credits:
        await music.put_credits(tx, planner.credits, {item.id for item in planner.changes.new})
        changed += planner.credits
    if planner.release_types:
        changed += await music.set_release_types(tx, planner.release_types)
    if planner.tagged:
        said = [(item_id, provider, value) for item_id, provider, value, _ in planner.changes.external_ids]
        await music.forget_tag_ids(tx, planner.tagged, said)
    return changed
