"""Parents found again: the series, artist or album that a name means, among those there are.

An id is an order: it decides alone. Without one, what is called the same is the same, unless its ids say otherwise.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from app.library.repository.shelf import Parent


class Known:
    """Of several that would do, the eldest is taken, so that the same names always find the same."""

    def __init__(self, parents: Iterable[Parent]) -> None:
        self._by_key: defaultdict[tuple[UUID | None, str | None], list[Parent]] = defaultdict(list)
        self._by_id: dict[tuple[str, str], Parent] = {}
        self.by_item: dict[UUID, Parent] = {}
        for parent in parents:
            self.add(parent)

    def add(self, parent: Parent) -> None:
        self.by_item[parent.id] = parent
        self._by_key[parent.parent_id, parent.name_key].append(parent)
        for pair in parent.ids.items():
            self._by_id.setdefault(pair, parent)

    def learn(self, parent: Parent, ids: Mapping[str, str]) -> dict[str, str]:
        """Give a parent ids. Returns those that it had not, or others of."""
        new = {provider: value for provider, value in ids.items() if parent.ids.get(provider) != value}
        parent.ids = {**parent.ids, **new}
        for pair in new.items():
            self._by_id.setdefault(pair, parent)
        return new

    def rename(self, parent: Parent, key: str, parent_id: UUID | None = None) -> None:
        self._by_key[parent.parent_id, parent.name_key].remove(parent)
        parent.name_key, parent.parent_id = key, parent_id
        self._by_key[parent_id, key].append(parent)

    def find(self, key: str, ids: Mapping[str, str], parent_id: UUID | None = None) -> Parent | None:
        for pair in sorted(ids.items()):
            if pair in self._by_id:
                return self._by_id[pair]
        alike = [known for known in self._by_key.get((parent_id, key), ()) if not contradict(known.ids, ids)]
        return min(alike, key=lambda known: known.id, default=None)


def contradict(some: Mapping[str, str], others: Mapping[str, str]) -> bool:
    return any(others.get(provider, value) != value for provider, value in some.items())
