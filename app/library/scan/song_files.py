"""The files of a library of music → what each says it is: by its tags, and by its path where they are silent. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.library.kinds import FactSource, ItemKind
from app.library.naming import ParsedTrack, parse_track, readable, sort_key, title_key
from app.library.repository.facts import Facts
from app.library.repository.items import Link
from app.library.repository.music import SongRow
from app.library.tagging.tags import VARIOUS_ARTISTS, Credit, MusicTags

VARIOUS = Credit(name="Various Artists", musicbrainz_id=VARIOUS_ARTISTS)
VARIOUS_KEYS = frozenset({"variousartists", "various", "va"})
UNKNOWN = Credit(name="Unknown Artist")
"""Of songs whose tags were read and name nobody. Before that they are nobody's."""

ARTIST_ID = "musicbrainz_artist"
RELEASE_ID = "musicbrainz_release"

DAY = len("2001-02-03")


@dataclass(frozen=True, slots=True)
class AlbumSaid:
    """The album as one of its files has it."""

    key: str
    artists: tuple[Credit, ...]
    facts: Facts
    source: FactSource
    ids: tuple[tuple[str, str], ...] = ()
    """Those that tell it from others."""
    more_ids: tuple[tuple[str, str], ...] = ()
    release_types: tuple[str, ...] = ()


@dataclass(slots=True)
class Song:
    id: UUID
    path: bytes
    home: bytes
    """The album's folder; empty for what lies loose in the root."""
    is_present: bool
    is_analysed: bool
    links: list[Link]
    tags: MusicTags | None
    facts: Facts
    source: FactSource
    artists: tuple[Credit, ...]
    album: AlbumSaid | None
    disc: int | None
    number: int | None
    disc_title: str | None
    ids: tuple[tuple[str, str], ...] = ()
    foreign: list[Link] = field(default_factory=list)
    """Links to items that are no tracks."""
    libraries: set[UUID] = field(default_factory=set)
    """Of the items it is linked to."""

    @property
    def key(self) -> str:
        return title_key(self.facts.title or "")

    @property
    def rank(self) -> int:
        """How early it is on its album; the first track with tags speaks for all of it."""
        return (self.disc or 1) * 100_000 + (99_999 if self.number is None else self.number)


def read_songs(rows: Iterable[SongRow]) -> list[Song]:
    songs: dict[UUID, Song] = {}
    folders: dict[bytes, tuple[str, ...]] = {}
    for row in rows:
        song = songs.get(row.file_id)
        if song is None:
            split = folders.get(row.folder)
            if split is None:
                split = folders[row.folder] = tuple(map(readable, row.folder.split(b"/"))) if row.folder else ()
            song = songs[row.file_id] = _song(row, parse_track(split, readable(row.name)))
        if row.link is not None:
            (song.links if row.kind == ItemKind.TRACK else song.foreign).append(row.link)
        if row.library_id is not None:
            song.libraries.add(row.library_id)
    found = sorted(songs.values(), key=lambda song: song.path)
    _lean_on_neighbours(found)
    return found


def _song(row: SongRow, path: ParsedTrack) -> Song:
    tags = row.tags if row.tags is not None and row.tags != MusicTags() else None
    said = tags or MusicTags()
    title = said.title or path.title
    nobody = (UNKNOWN,) if row.is_analysed else ()
    artists = said.artists or ((_named(path),) if path.artist else nobody)
    artists = tuple(VARIOUS if is_various(artist) else artist for artist in artists)
    home = b"/".join(row.folder.split(b"/")[: path.home]) if row.folder else b""
    return Song(
        id=row.file_id,
        path=row.folder + b"/" + row.name,
        home=home,
        is_present=row.is_present,
        is_analysed=row.is_analysed,
        links=[],
        tags=tags,
        facts=Facts(title=title, sort_title=sort_key(said.sort_title or title), year=said.year, released_on=_day(said)),
        source=FactSource.TAGS if said.title else FactSource.NAME,
        artists=artists,
        album=_album(said, path, artists),
        disc=said.disc or path.disc,
        number=path.number if said.track is None else said.track,
        disc_title=said.disc_title or path.disc_title,
        ids=_track_ids(said),
    )


def _named(path: ParsedTrack) -> Credit:
    """Return whom a path names: nobody is called Soundtracks."""
    if path.is_compilation and path.artist == path.album_artist:
        return VARIOUS
    return Credit(name=path.artist or "")


def _day(tags: MusicTags) -> date | None:
    if tags.date is None or len(tags.date) != DAY:
        return None
    try:
        return date.fromisoformat(tags.date)
    except ValueError:
        return None


def _track_ids(tags: MusicTags) -> tuple[tuple[str, str], ...]:
    ids = (
        ("musicbrainz_recording", tags.recording_id),
        ("musicbrainz_track", tags.track_id),
        ("isrc", tags.isrcs[0] if tags.isrcs else None),
    )
    return tuple((provider, value) for provider, value in ids if value)


def _album(tags: MusicTags, path: ParsedTrack, artists: Sequence[Credit]) -> AlbumSaid | None:
    title = tags.album or path.album
    if title is None:
        return None
    by = _album_artists(tags, path, artists)
    types = tags.release_types
    if tags.is_compilation and "compilation" not in types:
        types = (*types, "compilation")
    more = (("musicbrainz_release_group", tags.release_group_id),)
    return AlbumSaid(
        # The year only where the folder names it: two albums of one title lie in folders that tell them apart, while
        # the tracks of one may each be of another year.
        key="|".join((title_key(title), str(path.album_year or ""), _joined(by))),
        artists=by,
        facts=Facts(
            title=title,
            sort_title=sort_key(tags.sort_album or title),
            year=tags.original_year or tags.year or path.album_year,
            released_on=_day(tags),
        ),
        source=FactSource.TAGS if tags.album else FactSource.NAME,
        ids=((RELEASE_ID, tags.release_id),) if tags.release_id else (),
        more_ids=tuple((provider, value) for provider, value in more if value),
        release_types=types,
    )


def _joined(artists: Sequence[Credit]) -> str:
    return "+".join(title_key(artist.name) for artist in artists) if len(artists) > 1 else ""


def _album_artists(tags: MusicTags, path: ParsedTrack, artists: Sequence[Credit]) -> tuple[Credit, ...]:
    if tags.album_artists:
        return tuple(VARIOUS if is_various(artist) else artist for artist in tags.album_artists)
    if tags.is_compilation or (path.is_compilation and tags.album is None):
        return (VARIOUS,)
    named = Credit(name=path.album_artist) if path.album_artist else None
    if tags.album is None and named is not None:
        return (named,)
    if tags.artists:
        # Guests are the song's; the album is the first one's.
        return (VARIOUS if is_various(artists[0]) else _alone(artists[0]),)
    if path.is_compilation:
        return (VARIOUS,)
    return (named,) if named is not None else tuple(artists[:1])


def _alone(credit: Credit) -> Credit:
    return Credit(name=credit.name, sort_name=credit.sort_name, musicbrainz_id=credit.musicbrainz_id)


def is_various(artist: Credit) -> bool:
    return artist.musicbrainz_id == VARIOUS_ARTISTS or title_key(artist.name) in VARIOUS_KEYS


def _lean_on_neighbours(songs: Sequence[Song]) -> None:
    """A song that is not analysed yet is taken for one of the album that its folder is known to hold."""
    known: dict[bytes, AlbumSaid] = {}
    for song in songs:
        if song.tags is not None and song.tags.album and song.album is not None and song.home:
            known.setdefault(song.home, song.album)
    for song in songs:
        if song.tags is None and not song.is_analysed and song.home in known:
            song.album = known[song.home]
            if song.source is FactSource.NAME and song.album.artists != (VARIOUS,):
                song.artists = song.album.artists
