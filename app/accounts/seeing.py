"""From an account's row to a viewer: asked anew with every request, so what is taken away is gone at once."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select

from app.accounts.models import Account, AccountLibrary
from app.accounts.roles import Role, Scope
from app.accounts.viewer import Viewer


def libraries_seen() -> ScalarSelect[list[UUID] | None]:
    """Return the column that tells the libraries named for an account."""
    named = select(func.array_agg(AccountLibrary.library_id)).where(AccountLibrary.account_id == Account.id)
    return named.scalar_subquery()


def viewer_of(
    account: Account,
    libraries: Collection[UUID] | None,
    *,
    login_id: UUID | None = None,
    scopes: frozenset[Scope] | None = None,
) -> Viewer:
    is_administrator = account.role == Role.ADMINISTRATOR
    sees_all = account.all_libraries or is_administrator
    return Viewer(
        name=account.name,
        is_administrator=is_administrator,
        libraries=None if sees_all else frozenset(libraries or ()),
        account_id=account.id,
        max_age=None if is_administrator else account.max_age,
        allow_unrated=account.allow_unrated or is_administrator,
        login_id=login_id,
        may_change_account=account.role != Role.GUEST,
        scopes=scopes,
    )
