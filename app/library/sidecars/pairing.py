"""Which side file says something of which media file or item. Pure: names, and what the media beside them are.

A file that begins with the name of a media file belongs to it; any other to the folder, that is to the one item the
folder is about (`owner`). Where a folder is about several films, a lone `poster.jpg` is nobody's.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.library.kinds import ImageRole, ItemKind, LibraryKind
from app.library.naming import ArtworkRole, ParsedSideFile, SideKind, parse_side_file, readable
from app.library.naming.side_files import BACKDROP_FOLDERS, SUBTITLE_FOLDERS
from app.library.repository.side_readings import MediaRow, SideRow

DEEPEST = 2
"""Folders between media and their side files: `Subs/<name of the episode>/`."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The item that a folder is about."""

    id: UUID
    kind: ItemKind
    parent_id: UUID | None = None
    seasons: tuple[tuple[int, UUID], ...] = ()
    """Of a series: number and id."""


@dataclass(frozen=True, slots=True)
class Words:
    """A subtitle or lyrics file and whose it is."""

    side_id: UUID
    file_id: UUID | None
    language: str | None
    title: str | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture file and what it is a picture of."""

    side_id: UUID
    item_id: UUID
    role: ImageRole
    position: int


@dataclass(slots=True)
class Pairs:
    words: list[Words] = field(default_factory=list)
    images: list[Shown] = field(default_factory=list)
    nfos: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    """NFO → the items it may speak of, in the order of their numbers."""


def home_of(path: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return the folder whose media the side files in this one belong to, and the names from there to here."""
    names = path.split(b"/") if path else []
    for depth in range(1, min(DEEPEST, len(names)) + 1):
        first = readable(names[-depth]).casefold()
        if first in SUBTITLE_FOLDERS or (depth == 1 and first in BACKDROP_FOLDERS):
            return b"/".join(names[:-depth]), tuple(readable(name) for name in names[-depth:])
    return path, ()


_ORDER = {
    word: place
    for place, word in enumerate(
        ("poster", "cover", "folder", "front", "movie", "show", "fanart", "backdrop", "background", "clearlogo", "logo")
    )
}
"""Which of two names for one role is meant first. `folder` is what file managers write too."""

_BEHIND = 50
_STEP = 1_000

_ROLES = {
    ArtworkRole.POSTER: ImageRole.POSTER,
    ArtworkRole.BACKDROP: ImageRole.BACKDROP,
    ArtworkRole.LOGO: ImageRole.LOGO,
    ArtworkRole.BANNER: ImageRole.BANNER,
    ArtworkRole.THUMB: ImageRole.THUMB,
    ArtworkRole.DISC: ImageRole.DISC,
    ArtworkRole.CLEARART: ImageRole.CLEARART,
    ArtworkRole.ARTIST: ImageRole.POSTER,
}

_FLAGS = (("is_default", "default"), ("is_forced", "forced"), ("is_sdh", "hearing_impaired"))

_PORTRAIT = frozenset({ItemKind.MOVIE, ItemKind.TRACK})
"""Kinds of which `<stem>.jpg` is the poster; of an episode it is a still."""


def pair(
    sides: Sequence[SideRow],
    media: Sequence[MediaRow],
    owner: Owner | None,
    *,
    kind: LibraryKind,
    folder: str = "",
    folders: Sequence[str] = (),
) -> Pairs:
    """Pair the side files of one folder.

    Args:
        sides: what lies in the folder.
        media: the media of its home (`home_of`), as rows with their items.
        owner: the item that home is about, if it is about one.
        kind: the library's.
        folder: home's own name: versions of one film share no stem but often this.
        folders: as `home_of` returned them.
    """
    return _Pairing(media, owner, kind, folder, folders).of(sides)


class _Pairing:
    def __init__(
        self, media: Sequence[MediaRow], owner: Owner | None, kind: LibraryKind, folder: str, folders: Sequence[str]
    ) -> None:
        self._owner = owner
        self._kind = kind
        self._folders = folders
        self._rows: defaultdict[str, list[MediaRow]] = defaultdict(list)
        for row in media:
            self._rows[_stem(readable(row.name))].append(row)
        self._by_fold: defaultdict[str, list[str]] = defaultdict(list)
        for stem in self._rows:
            self._by_fold[stem.casefold()].append(stem)
        self._folder = folder if owner is not None and folder and folder not in self._rows else None
        if self._folder is not None:
            self._by_fold[self._folder.casefold()].append(self._folder)

    def of(self, sides: Sequence[SideRow]) -> Pairs:
        pairs = Pairs()
        nfos: list[tuple[SideRow, ParsedSideFile]] = []
        for side in sides:
            parsed = self._parse(readable(side.name))
            if parsed is None:
                continue
            match parsed.kind:
                case SideKind.NFO:
                    nfos.append((side, parsed))
                case SideKind.ARTWORK:
                    pairs.images += self._images(side, parsed)
                case _:
                    pairs.words.append(self._words(side, parsed))
        for side, parsed in nfos:
            pairs.nfos[side.id] = self._spoken_of(parsed, is_only=len(nfos) == 1)
        return pairs

    def _parse(self, name: str) -> ParsedSideFile | None:
        stems: Collection[str] = self._stems_for(_stem(name))
        if len(self._rows) == 1 and not stems:
            stems = list(self._rows)  # the only one there is: whose else should a subtitle be?
        if name.lower().endswith(".txt"):
            if self._kind is not LibraryKind.MUSIC:
                return None
            own = next((stem for stem in stems if stem.casefold() == _stem(name).casefold()), None)
            return None if own is None else ParsedSideFile(kind=SideKind.LYRICS, stem=own)
        return parse_side_file(name, stems, self._folders)

    def _stems_for(self, stem: str) -> list[str]:
        """Return the media that a name, or the folders it lies in, may begin with, without asking each of thousands."""
        found: list[str] = []
        for text in (stem.casefold(), *(folder.casefold() for folder in self._folders)):
            for end in range(1, len(text) + 1):
                if (end == len(text) or not text[end].isalnum()) and text[:end] in self._by_fold:
                    found += self._by_fold[text[:end]]
        return found

    def _items(self, stem: str) -> list[MediaRow]:
        """Return the rows of a media file, or of a film's versions together, that are items themselves."""
        rows = self._rows.get(stem, ())
        found = {row.item_id: row for row in rows if row.item_id is not None and not row.is_extra}
        return sorted(found.values(), key=lambda row: (row.number is None, row.number or 0, row.item_id))

    # -- subtitles and lyrics

    def _words(self, side: SideRow, parsed: ParsedSideFile) -> Words:
        rows = self._rows.get(parsed.stem or "") or self._versions()
        flags = tuple(flag for claim, flag in _FLAGS if getattr(parsed, claim))
        return Words(side.id, rows[0].file_id if rows else None, parsed.language, parsed.title, flags)

    def _versions(self) -> list[MediaRow]:
        """Return the files of what the folder is about. Words called like the folder go with the first of them."""
        owner = self._owner
        return [row for rows in self._rows.values() for row in rows if owner is not None and row.item_id == owner.id]

    # -- artwork

    def _images(self, side: SideRow, parsed: ParsedSideFile) -> list[Shown]:
        if parsed.role is None:
            return []
        role, stem = _ROLES[parsed.role], _stem(readable(side.name)).casefold()
        place = self._place(stem, parsed)
        if parsed.stem is not None and parsed.stem != self._folder:
            is_bare = stem == parsed.stem.casefold()
            return [
                Shown(side.id, row.item_id, ImageRole.POSTER if is_bare and row.item_kind in _PORTRAIT else role, place)
                for row in self._items(parsed.stem)
                if row.item_id is not None
            ]
        if parsed.stem is not None and stem == parsed.stem.casefold():
            role = ImageRole.POSTER  # called like the folder, and nothing more
        owner = self._shown_owner(parsed)
        return [] if owner is None else [Shown(side.id, owner, role, place)]

    def _shown_owner(self, parsed: ParsedSideFile) -> UUID | None:
        if self._owner is None or parsed.all_seasons:
            return None
        if parsed.season is not None:
            return dict(self._owner.seasons).get(parsed.season)
        if parsed.role is ArtworkRole.ARTIST and self._owner.kind is ItemKind.ALBUM:
            return self._owner.parent_id
        return self._owner.id

    def _place(self, stem: str, parsed: ParsedSideFile) -> int:
        """Order pictures of one role: those of the media's own name, the usual words, then numbers."""
        words = stem.rstrip("0123456789").rstrip("-_ ")
        behind = len(_ORDER) + _BEHIND if self._folders else 0
        own = 0 if parsed.stem is not None else 1 + _ORDER.get(words, len(_ORDER))
        return (behind + own) * _STEP + min(parsed.position, _STEP - 1)

    # -- NFO

    def _spoken_of(self, parsed: ParsedSideFile, *, is_only: bool) -> tuple[UUID, ...]:
        if parsed.stem is not None and parsed.stem != self._folder:
            return tuple(row.item_id for row in self._items(parsed.stem) if row.item_id is not None)
        owner = self._owner
        if owner is None:
            return ()
        if parsed.subject == "season" and owner.kind is ItemKind.SERIES:
            season = None if parsed.season is None else dict(owner.seasons).get(parsed.season)
            return () if season is None else (season,)
        if parsed.subject == "artist" and owner.kind is ItemKind.ALBUM:
            return () if owner.parent_id is None else (owner.parent_id,)
        is_named = parsed.stem is not None or parsed.subject in _SUBJECTS.get(owner.kind, ())
        # A film's only NFO is that film's, whatever a release group called it.
        return (owner.id,) if is_named or (is_only and owner.kind is ItemKind.MOVIE and not parsed.subject) else ()


_SUBJECTS = {
    ItemKind.MOVIE: ("movie",),
    ItemKind.SERIES: ("tvshow",),
    ItemKind.SEASON: ("season",),
    ItemKind.ARTIST: ("artist",),
    ItemKind.ALBUM: ("album",),
}


def _stem(name: str) -> str:
    return name.rpartition(".")[0] or name
