"""All sources by name, and which are asked about a library, in which order, in which language."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select

from app.config import Settings
from app.db.tx import Tx
from app.library.kinds import ItemKind, LibraryKind
from app.metadata.errors import SourceWithoutKey, UnknownSource
from app.metadata.kinds import EpisodeOrder
from app.metadata.models import LibrarySources
from app.metadata.records import Locale
from app.metadata.sources.source import Source

KINDS_OF = {
    LibraryKind.MOVIES: (ItemKind.MOVIE,),
    LibraryKind.TVSHOWS: (ItemKind.SERIES,),
    LibraryKind.MUSIC: (ItemKind.ARTIST, ItemKind.ALBUM),
}


class Registry:
    """Nobody is asked who was not chosen: named for a library, named in the configuration, or given a key there.

    Raises:
        UnknownSource, SourceWithoutKey: the configuration names one that cannot be asked.
    """

    def __init__(self, sources: Sequence[Source], settings: Settings) -> None:
        self._sources = {source.name: source for source in sources}
        self._settings = settings.metadata
        for kind in LibraryKind:
            if (names := getattr(self._settings.sources, kind.value)) is not None:
                self.check(f"metadata.sources.{kind.value}", names, kind)

    @property
    def all(self) -> tuple[Source, ...]:
        return tuple(self._sources.values())

    def get(self, name: str) -> Source | None:
        return self._sources.get(name)

    def check(self, field: str, names: Sequence[str], kind: LibraryKind) -> list[str]:
        """Return names that may be chosen for a library.

        Raises:
            UnknownSource, SourceWithoutKey: one may not.
        """
        fitting = {name: source for name, source in self._sources.items() if source.kinds & {*KINDS_OF[kind]}}
        for name in names:
            if name not in fitting:
                raise UnknownSource(field, name, sorted(fitting))
            if not fitting[name].is_ready:
                raise SourceWithoutKey(field, name)
        return list(dict.fromkeys(names))

    async def is_anybody_asked(self, tx: Tx) -> bool:
        """Tell whether any library may have sources: where none has, its changes cost one short look."""
        if any(self.chosen(kind, None) for kind in LibraryKind):
            return True
        return await tx.session.scalar(select(exists().where(LibrarySources.sources.is_not(None)))) or False

    async def of_library(self, tx: Tx, library_id: UUID, kind: LibraryKind) -> tuple[tuple[Source, ...], Locale]:
        """Return who is asked about a library. Nobody: then nothing is."""
        own = await tx.session.get(LibrarySources, library_id)
        locale = Locale(
            language=(own.language if own is not None else None) or self._settings.language,
            region=(own.region if own is not None else None) or self._settings.region,
            also=self._settings.languages,
            order=(own.episode_order if own is not None else None) or EpisodeOrder.AIRED,
        )
        return self.chosen(kind, None if own is None else own.sources), locale

    def chosen(self, kind: LibraryKind, own: Sequence[str] | None) -> tuple[Source, ...]:
        """Return the sources of a library that names these itself; None: as the configuration has it."""
        configured: Sequence[str] | None = getattr(self._settings.sources, kind.value)
        names = own if own is not None else configured
        if names is None:
            names = [name for name, source in self._sources.items() if source.is_keyed]
        found = (self._sources.get(name) for name in names)
        return tuple(one for one in found if one is not None and one.is_ready and one.kinds & {*KINDS_OF[kind]})
