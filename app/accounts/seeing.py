"""From an account's row to a viewer: asked anew with every request, so what is taken away is gone at once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import sql

from app.accounts.roles import Role, Scope
from app.accounts.viewer import Viewer

ACCOUNT = sql.SQL("""
    account.id AS account_id, account.name, account.role, account.all_libraries, account.max_age, account.allow_unrated,
    ARRAY(SELECT named.library_id FROM account_library named WHERE named.account_id = account.id) AS libraries
""")
"""The columns of whoever a token speaks for: with the token, its account and what that may see, in one statement."""

OPENED = sql.SQL("""
    (login.revoked_at IS NULL AND (api_key.expires_at IS NULL OR api_key.expires_at > %(now)s)
        AND account.disabled_at IS NULL)
""")
"""What a token in an address needs besides: whatever it was made with, a login or an API key, opens something still.
Either may be NULL; a row that is gone has taken the token along."""

WATCHING = frozenset({Scope.READ, Scope.STREAM})
"""What a token in an address is good for."""


def viewer_of(
    row: Mapping[str, Any],
    *,
    login_id: UUID | None = None,
    api_key_id: UUID | None = None,
    scopes: frozenset[Scope] | None = None,
) -> Viewer:
    """Return the viewer of a row that has the columns of `ACCOUNT`."""
    is_administrator = row["role"] == Role.ADMINISTRATOR
    sees_all = row["all_libraries"] or is_administrator
    return Viewer(
        name=row["name"],
        is_administrator=is_administrator,
        libraries=None if sees_all else frozenset(row["libraries"]),
        account_id=row["account_id"],
        max_age=None if is_administrator else row["max_age"],
        allow_unrated=row["allow_unrated"] or is_administrator,
        login_id=login_id,
        api_key_id=api_key_id,
        may_change_account=row["role"] != Role.GUEST,
        scopes=scopes,
    )
