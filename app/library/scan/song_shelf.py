"""What is recorded of the artists, albums and tracks that some songs may be of: what they are compared with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.db.tx import Tx
from app.library.kinds import ItemKind
from app.library.naming import title_key
from app.library.repository import music, shelf
from app.library.repository.music import CreditRow, OtherFile, Track
from app.library.repository.shelf import Called, Parent
from app.library.scan.song_files import ARTIST_ID, Song
from app.library.tagging.tags import Credit


@dataclass(slots=True)
class Shelf:
    """What is recorded of the artists, albums and tracks concerned."""

    artists: list[Parent] = field(default_factory=list)
    albums: list[Parent] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    files: list[OtherFile] = field(default_factory=list)
    """Of these tracks."""
    meant: set[UUID] = field(default_factory=set)
    """Albums and artists that analysed songs elsewhere are in."""
    heads: dict[UUID, int] = field(default_factory=dict)
    credits: dict[UUID, list[CreditRow]] = field(default_factory=dict)


async def load_shelf(tx: Tx, library_id: UUID, songs: Sequence[Song]) -> Shelf:
    found = Shelf()
    linked = {link.item_id for song in songs for link in song.links}
    line = await shelf.ancestors(tx, linked)
    artists = [credit for song in songs for credit in (*song.artists, *(song.album.artists if song.album else ()))]
    found.artists = await shelf.parents(
        tx,
        library_id,
        ItemKind.ARTIST,
        Called(
            frozenset(artist_key(credit) for credit in artists),
            frozenset((ARTIST_ID, credit.musicbrainz_id) for credit in artists if credit.musicbrainz_id),
            frozenset(line),
        ),
    )
    said = [song.album for song in songs if song.album is not None]
    found.albums = await shelf.parents(
        tx,
        library_id,
        ItemKind.ALBUM,
        Called(
            frozenset(album.key for album in said),
            frozenset(pair for album in said for pair in album.ids),
            frozenset(line),
            below=frozenset(artist.id for artist in found.artists),
        ),
    )
    # The tracks of an album matter only to songs that may be one of them already.
    joined = [album.id for album in found.albums] if any(not song.links for song in songs) else []
    found.tracks = await music.tracks(tx, linked, joined)
    found.files = await music.files_of(tx, (track.id for track in found.tracks))
    files = [song.id for song in songs]
    found.meant = await music.still_meant(tx, _in_question(songs, found), files)
    found.heads = await music.heads(tx, (album.id for album in found.albums), files)
    found.credits = await music.credits_of(tx, {*linked, *(album.id for album in found.albums)})
    return found


def _in_question(songs: Sequence[Song], found: Shelf) -> set[UUID]:
    """Return the albums and artists that some song is in and wants to leave."""
    parents = {parent.id: parent for parent in (*found.artists, *found.albums)}
    tracks = {track.id: track for track in found.tracks}
    asked: set[UUID] = set()
    for song in songs:
        for link in song.links:
            track = tracks.get(link.item_id)
            album = parents.get(track.parent_id) if track is not None and track.parent_id is not None else None
            above = parents.get(album.parent_id) if album is not None and album.parent_id is not None else None
            key, by = wanted_by(song)
            if album is not None and album.name_key not in (key, by):
                asked.add(album.id)
            if above is not None and above.name_key != by:
                asked.add(above.id)
    return asked


def artist_key(credit: Credit) -> str:
    return title_key(credit.name)


def wanted_by(song: Song) -> tuple[str, str]:
    """Return album and album artist, as they are looked for."""
    by = (song.album.artists if song.album else song.artists)[:1]
    return (song.album.key if song.album else "", artist_key(by[0]) if by else "")
