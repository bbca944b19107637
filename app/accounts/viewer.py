"""Who is asking. Every read a person makes names its viewer, so that no query was ever written without one."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Someone who looks at the catalogue.

    `libraries` is what may be seen: None means all of them, an empty set means none. It says nothing about what may
    be changed; that is `is_administrator`.
    """

    name: str
    is_administrator: bool = False
    libraries: frozenset[UUID] | None = frozenset()


LOCAL_ADMINISTRATOR = Viewer(name="local administrator", is_administrator=True, libraries=None)
"""Everyone, until there are accounts. Safe only because the server then listens on loopback alone."""
