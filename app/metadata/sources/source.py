"""What a source is. A new one is a file beside this one and a line in `module.py`: docs/metadata.md shows it."""

from collections.abc import Mapping, Sequence

from app.library.kinds import ItemKind
from app.metadata.errors import NotKnown
from app.metadata.records import Candidate, Locale, Order, Record, Wanted
from app.metadata.terms import Terms


class Source:
    """Somebody to ask about items. What is not overridden here is what most of them cannot do.

    Every method may raise what `Asking.json` raises. None touches the database or knows of items of ours.
    """

    terms: Terms
    kinds: frozenset[ItemKind] = frozenset()
    """Films, series, artists, albums: what it may be asked about."""
    is_keyed: bool = False
    """It needs a key."""

    only_adds: bool = False
    """It is asked about what others have found, and never what something is."""

    @property
    def name(self) -> str:
        return self.terms.name

    @property
    def is_ready(self) -> bool:
        """Whether its key is set, if it needs one."""
        return not self.is_keyed

    def own_id(self, kind: ItemKind, ids: Mapping[str, str]) -> str | None:
        """Return what it calls an item itself, out of all ids that are known of it: as `fetch` takes it."""
        return ids.get(self.name) if kind in self.kinds else None

    async def find(self, kind: ItemKind, ids: Mapping[str, str]) -> str | None:  # noqa: ARG002  by others' ids
        """Ask it what it calls an item that others call so. None: it cannot say."""
        return None

    async def search(self, wanted: Wanted, locale: Locale) -> Sequence[Candidate]:  # noqa: ARG002
        """Return what might be meant, the likeliest first. Nothing: it has none, or is never searched."""
        return ()

    async def fetch(self, kind: ItemKind, external_id: str, locale: Locale) -> Record:  # noqa: ARG002
        """Return all it says of an item. Of a season: `<series>/<number>`.

        Raises:
            NotKnown: there is no such thing.
        """
        raise NotKnown(self.name, external_id)

    async def orders(self, external_id: str, locale: Locale) -> Sequence[Order]:  # noqa: ARG002
        """Return the orders besides its own in which it counts the episodes of a series. `fetch` follows the one that
        `locale` names, where there is one of it.

        Raises:
            NotKnown: there is no such series.
        """
        return ()
