"""Who is asking. Every read a person makes names its viewer, so that no query was ever written without one."""

from dataclasses import dataclass
from uuid import UUID

from app.accounts.roles import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Someone who looks at the catalogue.

    `libraries` is what may be seen: None means all of them, an empty set means none; `max_age` narrows it to what is
    for an age. They say nothing about what may be changed; that is `is_administrator`. `scopes` narrows all of it for
    an API key: None is a person, who has them all.
    """

    name: str
    is_administrator: bool = False
    libraries: frozenset[UUID] | None = frozenset()
    account_id: UUID | None = None
    """None: the local administrator, who has no account."""
    login_id: UUID | None = None
    """The login that asks; None: an API key, or the local administrator."""
    api_key_id: UUID | None = None
    """The API key that asks; None: a login, or the local administrator."""
    max_age: int | None = None
    """Sees what is for this age and below; None: there is no limit."""
    allow_unrated: bool = True
    """With a limit: sees also what nobody says an age of."""
    may_change_account: bool = False
    """Own password, logins and keys. Guests may not."""
    scopes: frozenset[Scope] | None = None
    languages: tuple[str, ...] = ()
    """In which titles and texts are wanted, the best first; none: as each library has them."""

    def is_of_age(self, min_age: int | None) -> bool:
        """Whether something that is from this age on (None: unrated) is for this viewer."""
        if self.max_age is None:
            return True
        return self.allow_unrated if min_age is None else min_age <= self.max_age

    def may(self, scope: Scope) -> bool:
        return self.scopes is None or scope in self.scopes or Scope.ADMIN in self.scopes


LOCAL_ADMINISTRATOR = Viewer(name="local administrator", is_administrator=True, libraries=None)
"""Whoever asks over loopback until there are accounts, and the command line, which reads the database itself."""
