"""Which tracks songs are, on which albums, by whom; and what is to be written so that they are. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from app.ids import uuid7
from app.library.kinds import FactSource, FileRole, ItemKind
from app.library.naming import sort_key, title_key
from app.library.repository.facts import Facts
from app.library.repository.items import Link, NewItem, Place
from app.library.repository.music import CreditRow, OtherFile, Track
from app.library.repository.shelf import Parent
from app.library.scan.grouping import Member, in_order
from app.library.scan.known import Known, contradict
from app.library.scan.shelving import Changes, link_of
from app.library.scan.song_files import ARTIST_ID, UNKNOWN, VARIOUS_KEYS, AlbumSaid, Song
from app.library.scan.song_shelf import Shelf, artist_key, wanted_by
from app.library.tagging.tags import Credit

NOBODY = {*VARIOUS_KEYS, title_key(UNKNOWN.name)}


class MusicPlanner:
    """Decides, without looking at anything but what it is given."""

    def __init__(self, library_id: UUID, songs: Sequence[Song], found: Shelf) -> None:
        self.changes = Changes()
        self.credits: dict[UUID, list[CreditRow]] = {}
        self.release_types: dict[UUID, Sequence[str]] = {}
        self.tagged: list[UUID] = []
        """Items whose ids tags have said anew."""
        self._library_id = library_id
        self._songs = songs
        self._found = found
        self._artists = Known(artist for artist in found.artists if artist.library_id == library_id)
        self._albums = Known(album for album in found.albums if album.library_id == library_id)
        self._parents = {parent.id: parent for parent in (*found.artists, *found.albums)}
        self._tracks = {track.id: track for track in found.tracks}
        self._new: dict[UUID, NewItem] = {}
        self._spoken = {album_id: (False, rank) for album_id, rank in found.heads.items()}
        """Who speaks for an album: whether only by its name, and how early on it."""
        self._planned: dict[tuple[object, ...], UUID] = {}
        self._files: defaultdict[UUID, dict[UUID, OtherFile]] = defaultdict(dict)
        for other in found.files:
            self._files[other.link.item_id][other.link.file_id] = other
        self._at_hand = {song.id for song in songs}
        self._members: defaultdict[UUID, list[Song]] = defaultdict(list)
        """Songs by the track they are."""
        self._places: dict[UUID, Place] = {}
        self._slots: defaultdict[tuple[UUID, int, int | None], list[tuple[UUID, str | None]]] = defaultdict(list)
        for track in found.tracks:
            if track.parent_id is not None:
                self._slots[track.parent_id, track.disc or 1, track.number].append((track.id, track.name_key))
        self._wanted = {song.id: wanted_by(song) for song in songs}
        self._before: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
        """By album and artist: what the songs at hand that were in it want now."""
        for song in songs:
            for parent_id in self._lines(song):
                self._before[parent_id].add(self._wanted[song.id])

    def plan(self) -> "MusicPlanner":
        for song in self._songs:
            self._place(song)
        for track_id, members in self._members.items():
            self._write_track(track_id, members)
        self.changes.new += self._new.values()
        return self

    # -- where a song was

    def _current(self, song: Song) -> Track | None:
        tracks = [self._tracks[link.item_id] for link in song.links if link.item_id in self._tracks]
        return min(tracks, key=lambda track: track.id, default=None)

    def _lines(self, song: Song) -> list[UUID]:
        """Return the album and the artist that a song is in now, as far as there are such."""
        track = self._current(song)
        line: list[UUID] = []
        parent_id = None if track is None else track.parent_id
        while parent_id is not None and (parent := self._parents.get(parent_id)) is not None:
            line.append(parent_id)
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

    def _artist(self, credit: Credit, song: Song, source: FactSource, before: Parent | None = None) -> Parent:
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
            self._new[artist.id] = NewItem(artist.id, ItemKind.ARTIST, Place(name_key=key), facts, source, False)
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
        elif song.is_present and not (made := self._new[parent.id]).is_present:
            self._new[parent.id] = NewItem(made.id, made.kind, made.place, made.facts, made.source, True)

    # -- albums

    def _album(self, said: AlbumSaid, song: Song) -> Parent:
        line = [self._parents[parent_id] for parent_id in self._lines(song)]
        before = _of_kind(line, ItemKind.ALBUM)
        artists = [
            self._artist(credit, song, said.source, None if place else _of_kind(line, ItemKind.ARTIST))
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
            self._new[album.id] = NewItem(album.id, ItemKind.ALBUM, place, said.facts, said.source, False)
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
            made = self._new[album.id]
            place = Place(parent_id=album.parent_id, name_key=album.name_key, release_types=said.release_types)
            self._new[album.id] = NewItem(album.id, made.kind, place, said.facts, said.source, made.is_present)
        else:
            self.changes.base[album.id] = (said.source, said.facts)
            self.release_types[album.id] = said.release_types
        album.title_source = said.source.value
        for provider, value in self._albums.learn(album, dict(said.more_ids)).items():
            self.changes.external_ids.append((album.id, provider, value, FactSource.TAGS))
        self._credit(album.id, said.artists, artists)

    # -- tracks

    def _place(self, song: Song) -> None:
        if any(track is not None and "files" in track.locked for track in map(self._linked, song.links)):
            return  # a person has put it where it is
        parent = self._parent(song)
        place = Place(
            parent_id=None if parent is None else parent.id,
            name_key=song.key,
            number=song.number,
            disc_number=song.disc,
            disc_title=song.disc_title,
        )
        track_id = self._track(song, place)
        self._places.setdefault(track_id, place)
        self._planned.setdefault(_slot_of(place), track_id)
        self._members[track_id].append(song)

    def _parent(self, song: Song) -> Parent | None:
        if song.album is not None:
            return self._album(song.album, song)
        if not song.artists:
            return None
        line = [self._parents[parent_id] for parent_id in self._lines(song)]
        return self._artist(song.artists[0], song, _artist_source(song), _of_kind(line, ItemKind.ARTIST))

    def _linked(self, link: Link) -> Track | None:
        return self._tracks.get(link.item_id)

    def _track(self, song: Song, place: Place) -> UUID:
        """Return the item that a song is: the one it was, one that stands at its place, or a new one."""
        current = self._current(song)
        if current is not None and self._is_its_own(current, place):
            return current.id
        joined = self._at(place) if current is None else None
        return joined or uuid7()

    def _is_its_own(self, track: Track, place: Place) -> bool:
        """Whether a track follows this song: no other file of it means another place."""
        planned = self._places.get(track.id)
        if planned is not None:
            return _slot_of(planned) == _slot_of(place)
        if _slot(track.parent_id, track.disc, track.number, track.name_key) == _slot_of(place):
            return True
        others = [other for file_id, other in self._files[track.id].items() if file_id not in self._at_hand]
        return not any(other.is_analysed and other.is_present and other.link.role != FileRole.EXTRA for other in others)

    def _at(self, place: Place) -> UUID | None:
        """Return the track at a place, if it is the same song, or lost all its files: this one replaces them."""
        if place.parent_id is None:
            return None
        if (planned := self._planned.get(_slot_of(place))) is not None:
            return planned
        for track_id, key in self._slots.get((place.parent_id, place.disc_number or 1, place.number), ()):
            files = self._files[track_id].values()
            if key == place.name_key or (place.number is not None and not any(other.is_present for other in files)):
                return track_id
        return None

    def _write_track(self, track_id: UUID, songs: Sequence[Song]) -> None:
        song, place, track = songs[0], self._places[track_id], self._tracks.get(track_id)
        if track is None:
            is_present = any(song.is_present for song in songs)
            self._new[track_id] = NewItem(track_id, ItemKind.TRACK, place, song.facts, song.source, is_present)
        else:
            self.changes.base[track_id] = (song.source, song.facts)
            self._move_track(track, place, is_foreign=any(song.libraries - {self._library_id} for song in songs))
            self.tagged.append(track_id)
        if song.tags is not None:
            self.changes.external_ids += [(track_id, name, value, FactSource.TAGS) for name, value in song.ids]
        artists = [self._artist(credit, song, _artist_source(song)) for credit in song.artists]
        self._credit(track_id, song.artists, artists)
        self._link(track_id, songs)

    def _move_track(self, track: Track, place: Place, *, is_foreign: bool) -> None:
        now = Place(
            parent_id=track.parent_id, name_key=track.name_key, number=track.number, disc_number=track.disc,
            disc_title=track.disc_title,
        )  # fmt: skip
        if now != place or is_foreign:
            self.changes.placed[track.id] = place
        if track.parent_id is not None and track.parent_id != place.parent_id:
            self.changes.touched.add(track.parent_id)

    def _link(self, track_id: UUID, songs: Sequence[Song]) -> None:
        before = {file_id: other.link for file_id, other in self._files[track_id].items()}
        others = [
            Member(link.file_id, FileRole.MAIN, version=link.version, edition=link.edition, part=link.part)
            for link in before.values()
            if link.file_id not in self._at_hand
        ]
        is_alone = len(songs) + len(others) == 1
        members = [Member(song.id, FileRole.MAIN, version="" if is_alone else _format(song)) for song in songs]
        for member in in_order(members, others):
            link = link_of(track_id, member)
            if before.get(member.file_id) != link:
                self.changes.links.append(link)
        for song in songs:
            gone = [link.item_id for link in (*song.links, *song.foreign) if link.item_id != track_id]
            self.changes.unlinked += [(item_id, song.id) for item_id in gone]

    def _credit(self, item_id: UUID, said: Sequence[Credit], artists: Sequence[Parent]) -> None:
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


def _of_kind(line: Sequence[Parent], kind: ItemKind) -> Parent | None:
    return next((parent for parent in line if parent.kind == kind), None)


def _artist_source(song: Song) -> FactSource:
    return FactSource.TAGS if song.tags is not None and song.tags.artists else FactSource.NAME


def _slot(parent_id: UUID | None, disc: int | None, number: int | None, key: str | None) -> tuple[object, ...]:
    return (parent_id, disc or 1, number, key)


def _slot_of(place: Place) -> tuple[object, ...]:
    return _slot(place.parent_id, place.disc_number, place.number, place.name_key)


def _format(song: Song) -> str:
    """Tell the files of one track apart."""
    return song.path.rpartition(b".")[2].decode(errors="replace").lower()


def _is_nameable(artist: Parent, ids: Mapping[str, str]) -> bool:
    """Whether an artist may come to be called otherwise: not one that stands for many, nor one known by another id."""
    return artist.name_key not in NOBODY and not contradict(artist.ids, ids)
