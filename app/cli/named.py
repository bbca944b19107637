"""What people call things on the command line: accounts and libraries by name or id, folders from where they stand."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

if TYPE_CHECKING:
    from app.catalog.views import Library
    from app.cli.api import Api
    from app.web.api_v1.account_view import Account
    from app.web.api_v1.root_view import Root


async def find_library(api: "Api", name_or_id: str) -> "Library":
    """Return the library of this name, whatever its case, or of this id.

    Raises:
        NotFound: there is none.
    """
    from app.errors import NotFound
    from app.web.api_v1.library_view import Libraries

    for library in (await api.get("/libraries", Libraries)).value.libraries:
        if name_or_id.casefold() in (library.name.casefold(), str(library.id)):
            return library
    raise NotFound("library", f"called {name_or_id!r}; see: revenge library list")


async def find_account(api: "Api", name_or_id: str) -> "Account":
    """Return the account of this name, whatever its case, or of this id.

    Raises:
        NotFound: there is none.
    """
    from app.errors import NotFound
    from app.web.api_v1.account_view import Accounts

    for account in (await api.get("/accounts", Accounts)).value.accounts:
        if name_or_id.casefold() in (account.name.casefold(), str(account.id)):
            return account
    raise NotFound("account", f"called {name_or_id!r}; see: revenge user list")


def find_root(roots: Iterable["Root"], called: str, library: str) -> "Root":
    """Return the folder of a library that is called so: by its id, or its path as it is shown, from here or in full.

    Raises:
        NotFound: there is none.
    """
    from app.errors import NotFound
    from app.library.paths import display_path

    names = {called, *(display_path(os.fsencode(one)) for one in (called, os.path.abspath(called)))}  # noqa: PTH100
    for root in roots:
        if not names.isdisjoint({root.path, str(root.id)}):
            return root
    raise NotFound("root", f"{called!r}; see: revenge library roots {library!r}")


def absolute(paths: Iterable[str]) -> list[str]:
    """Write paths as the API takes them. The server may have been started in another folder."""
    return [_as_text(os.path.abspath(path)) for path in paths]  # noqa: PTH100  Path.absolute keeps `..`, resolve links


def _as_text(path: str) -> str:
    """Write a path that is no UTF-8 as an URI; JSON cannot hold it otherwise."""
    encoded = os.fsencode(path)
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return "file://" + quote_from_bytes(encoded)
