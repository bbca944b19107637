"""Which tracks songs are, where they stand and by whom they are; and what is to be written so that they are. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from app.ids import uuid7
from app.library.kinds import FactSource, FileRole, ItemKind
from app.library.repository.items import Link, NewItem, Place
from app.library.repository.music import OtherFile, Track
from app.library.repository.shelf import Parent
from app.library.scan.grouping import Member, in_order
from app.library.scan.shelving import Changes, link_of
from app.library.scan.song_files import Song
from app.library.scan.song_parents import SongParents, of_kind
from app.library.scan.song_shelf import Shelf


class MusicPlanner:
    """Decides, without looking at anything but what it is given."""

    def __init__(self, library_id: UUID, songs: Sequence[Song], found: Shelf) -> None:
        self.changes = Changes()
        self.tagged: list[UUID] = []
        """Items whose ids tags have said anew."""
        self._library_id = library_id
        self._songs = songs
        self._parents = SongParents(library_id, songs, found, self.changes)
        self.credits = self._parents.credits
        self.release_types = self._parents.release_types
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

    def plan(self) -> "MusicPlanner":
        for song in self._songs:
            self._place(song)
        for track_id, members in self._members.items():
            self._write_track(track_id, members)
        self.changes.new += self._parents.new.values()
        return self

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
            return self._parents.album(song.album, song)
        if not song.artists:
            return None
        before = of_kind(self._parents.line_of(song), ItemKind.ARTIST)
        return self._parents.artist(song.artists[0], song, _artist_source(song), before)

    def _linked(self, link: Link) -> Track | None:
        return self._parents.tracks.get(link.item_id)

    def _track(self, song: Song, place: Place) -> UUID:
        """Return the item that a song is: the one it was, one that stands at its place, or a new one."""
        current = self._parents.track_of(song)
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
        song, place, track = songs[0], self._places[track_id], self._parents.tracks.get(track_id)
        if track is None:
            is_present = any(song.is_present for song in songs)
            self._parents.new[track_id] = NewItem(track_id, ItemKind.TRACK, place, song.facts, song.source, is_present)
        else:
            self.changes.base[track_id] = (song.source, song.facts)
            self._move_track(track, place, is_foreign=any(song.libraries - {self._library_id} for song in songs))
            self.tagged.append(track_id)
        if song.tags is not None:
            self.changes.external_ids += [(track_id, name, value, FactSource.TAGS) for name, value in song.ids]
        artists = [self._parents.artist(credit, song, _artist_source(song)) for credit in song.artists]
        self._parents.credit(track_id, song.artists, artists)
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


def _artist_source(song: Song) -> FactSource:
    return FactSource.TAGS if song.tags is not None and song.tags.artists else FactSource.NAME


def _slot(parent_id: UUID | None, disc: int | None, number: int | None, key: str | None) -> tuple[object, ...]:
    return (parent_id, disc or 1, number, key)


def _slot_of(place: Place) -> tuple[object, ...]:
    return _slot(place.parent_id, place.disc_number, place.number, place.name_key)


def _format(song: Song) -> str:
    """Tell the files of one track apart."""
    return song.path.rpartition(b".")[2].decode(errors="replace").lower()
