"""Which artists and albums songs are by and on: found again, made, or called anew. Pure.

An album or an artist that all its songs leave for the same other one goes along, and keeps its identity.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from app.ids import uuid7
from app.library.kinds import FactSource, ItemKind
from app.library.naming import sort_key, title_key
from app.library.repository.facts import Facts
from app.library.repository.items import NewItem, Place
from app.library.repository.music import CreditRow, Track
from app.library.repository.shelf import Parent
from app.library.scan.known import Known, contradict
from app.library.scan.shelving import Changes
from app.library.scan.song_files import ARTIST_ID, UNKNOWN, VARIOUS_KEYS, AlbumSaid, Song
from app.library.scan.song_shelf import Shelf, artist_key, wanted_by
from app.library.tagging.tags import Credit

NOBODY = {*VARIOUS_KEYS, title_key(UNKNOWN.name)}


class SongParents:
    """What it decides about items that exist stands in `changes`; items that do not, in `new`."""

    def __init__(self, library_id: UUID, songs: Sequence[Song], found: Shelf, changes: Changes) -> None:
        self.changes = changes
        self.new: dict[UUID, NewItem] = {}
        self.credits: dict[UUID, list[CreditRow]] = {}
        self.release_types: dict[UUID, Sequence[str]] = {}
        self.tracks = {track.id: track for track in found.tracks}
        self._library_id = library_id
        self._found = found
        self._artists = Known(artist for artist in found.artists if artist.library_id == library_id)
        self._albums = Known(album for album in found.albums if album.library_id == library_id)
        self._parents = {parent.id: parent for parent in (*found.artists, *found.albums)}
        self._spoken = {album_id: (False, rank) for album_id, rank in found.heads.items()}
        """Who speaks for an album: whether only by its name, and how early on it."""
        self._wanted = {song.id: wanted_by(song) for song in songs}
        self._before: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
        """By album and artist: what the songs at hand that were in it want now."""
        for song in songs:
            for parent in self.line_of(song):
                self._before[parent.id].add(self._wanted[song.id])

    # -- where a song was

    def track_of(self, song: Song) -> Track | None:
        tracks = [self.tracks[link.item_id] for link in song.links if link.item_id in self.tracks]
        return min(tracks, key=lambda track: track.id, default=None)

    def line_of(self, song: Song) -> list[Parent]:
        """Return the album and the artist that a song is in now, as far as there are such."""
        track = self.track_of(song)
        line: list[Parent] = []
        parent_id = None if track is None else track.parent_id
        while parent_id is not None and (parent := self._parents.get(parent_id)) is not None:
            line.append(parent)
            parent_id = parent.parent_id
        return line

    def _may_go_along(self, parent: Parent, song: Song) -> bool:
        """Whether nobody means this album or artist any more but songs that want what this one wants."""
        if parent.id in self._found.meant:
            return False
        wants, mine = self._before[parent.id], self._wanted[song.id]
        if parent.kind == ItemKind.ARTIST:
            return {artist for _, artist in wants} == {mine[1]}
        return wants == {mine}

    # -- artists

    def artist(self, credit: Credit, song: Song, source: FactSource, before: Parent | None = None) -> Parent:
        key = artist_key(credit)
        ids = {ARTIST_ID: credit.musicbrainz_id} if credit.musicbrainz_id else {}
        artist = self._artists.find(key, ids)
        facts = Facts(title=credit.name, sort_title=sort_key(credit.sort_name or credit.name))
        if artist is None and before is not None and _is_nameable(before, ids) and self._may_go_along(before, song):
            artist = self._rename(self._artists, before, key, None)
            self.changes.base[artist.id] = (source, facts)
            artist.title_source = source.value
        elif artist is None:
            artist = Parent(uuid7(), ItemKind.ARTIST, None, key, {}, source.value, self._library_id, is_new=True)
            self.new[artist.id] = NewItem(artist.id, ItemKind.ARTIST, Place(name_key=key), facts, source, False)
            self._artists.add(artist)
        elif artist.title_source == FactSource.NAME and source is FactSource.TAGS and not artist.is_new:
            self.changes.base[artist.id] = (source, facts)
            artist.title_source = source.value
        for provider, value in self._artists.learn(artist, ids).items():
            self.changes.external_ids.append((artist.id, provider, value, FactSource.TAGS))
        self._show(artist, song)
        return artist

    def _rename(self, known: Known, parent: Parent, key: str, parent_id: UUID | None) -> Parent:
        if parent.id in known.by_item:
            known.rename(parent, key, parent_id)
        else:  # it moves in from another library
            parent.name_key, parent.parent_id = key, parent_id
            known.add(parent)
        self.changes.placed[parent.id] = Place(parent_id=parent_id, name_key=key)
        return parent

    def _show(self, parent: Parent, song: Song) -> None:
        """Have a parent be present when its songs are."""
        if not parent.is_new:
            self.changes.touched.add(parent.id)
        elif song.is_present and not (made := self.new[parent.id]).is_present:
            self.new[parent.id] = NewItem(made.id, made.kind, made.place, made.facts, made.source, True)

    # -- albums

    def album(self, said: AlbumSaid, song: Song) -> Parent:
        line = self.line_of(song)
        before = of_kind(line, ItemKind.ALBUM)
        artists = [
            self.artist(credit, song, said.source, None if place else of_kind(line, ItemKind.ARTIST))
            for place, credit in enumerate(said.artists)
        ]
        by = artists[0].id if artists else None
        ids = dict(said.ids)
        album = self._albums.find(said.key, ids, by)
        if album is None and before is not None and self._may_go_along(before, song):
            album = self._rename(self._albums, before, said.key, by)
            self._spoken.pop(album.id, None)
        elif album is None:
            album = Parent(uuid7(), ItemKind.ALBUM, by, said.key, {}, said.source.value, self._library_id, is_new=True)
            place = Place(parent_id=by, name_key=said.key, release_types=said.release_types)
            self.new[album.id] = NewItem(album.id, ItemKind.ALBUM, place, said.facts, said.source, False)
            self._albums.add(album)
        for provider, value in self._albums.learn(album, ids).items():
            self.changes.external_ids.append((album.id, provider, value, FactSource.TAGS))
        self._show(album, song)
        self._speak(album, said, song, artists)
        return album

    def _speak(self, album: Parent, said: AlbumSaid, song: Song, artists: Sequence[Parent]) -> None:
        """Let a song say what its album is called, if no earlier track of it does."""
        is_name = said.source is FactSource.NAME
        spoken = self._spoken.get(album.id)
        if spoken is not None and spoken <= (is_name, song.rank):
            return
        if (
            is_name
            and album.title_source == FactSource.TAGS
            and not album.is_new
            and album.id not in self.changes.placed
        ):
            return  # its tagged songs are away, and will be back
        self._spoken[album.id] = (is_name, song.rank)
        if album.is_new:
            made = self.new[album.id]
            place = Place(parent_id=album.parent_id, name_key=album.name_key, release_types=said.release_types)
            self.new[album.id] = NewItem(album.id, made.kind, place, said.facts, said.source, made.is_present)
        else:
            self.changes.base[album.id] = (said.source, said.facts)
            self.release_types[album.id] = said.release_types
        album.title_source = said.source.value
        for provider, value in self._albums.learn(album, dict(said.more_ids)).items():
            self.changes.external_ids.append((album.id, provider, value, FactSource.TAGS))
        self.credit(album.id, said.artists, artists)

    # -- who is credited

    def credit(self, item_id: UUID, said: Sequence[Credit], artists: Sequence[Parent]) -> None:
        rows = [
            CreditRow(artist.id, credit.name, credit.joinphrase if place < len(said) - 1 else "")
            for place, (credit, artist) in enumerate(zip(said, artists, strict=True))
        ]
        before = self._found.credits.get(item_id, [])
        if rows != before:
            self.credits[item_id] = rows
            self.changes.touched.update(row.artist_id for row in before)
        else:
            self.credits.pop(item_id, None)


def of_kind(line: Sequence[Parent], kind: ItemKind) -> Parent | None:
    return next((parent for parent in line if parent.kind == kind), None)


def _is_nameable(artist: Parent, ids: Mapping[str, str]) -> bool:
    """Whether an artist may come to be called otherwise: not one that stands for many, nor one known by another id."""
    return artist.name_key not in NOBODY and not contradict(artist.ids, ids)
