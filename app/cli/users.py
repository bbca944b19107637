"""`revenge user`: accounts, made and changed from the machine itself."""

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from cyclopts import App, Parameter

from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from app.accounts.audit import Actor
    from app.accounts.records import AccountRecord
    from app.main import Application

Roles = Literal["administrator", "member", "guest"]
Libraries = Annotated[
    list[str] | None, Parameter(name="--library", help="May see this library only; several times for several.")
]
AllLibraries = Annotated[bool, Parameter(help="May see all libraries.")]
MaxAge = Annotated[int | None, Parameter(help="What is from a higher age on does not exist for them (0 to 21).")]
Unrated = Annotated[
    bool | None, Parameter(help="With an age: whether what nobody says an age of is shown all the same.")
]
NoPassword = Annotated[bool, Parameter(help="Ask for no password: nobody can log in until one is set.")]


def group() -> App:
    app = App(name="user", help="Make accounts, list them, change them.")
    app.command(add)
    app.command(list_, name="list")
    app.command(change)
    app.command(password)
    app.command(delete)
    return app


async def add(
    name: str,
    /,
    *,
    admin: Annotated[bool, Parameter(help="An administrator; the first account has to be one.")] = False,
    role: Roles = "member",
    library: Libraries = None,
    max_age: MaxAge = None,
    unrated: Unrated = None,
    no_password: NoPassword = False,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Make an account. The password is asked for, or read from a pipe.

    Parameters
    ----------
    name
        What they log in with.
    role
        What they are; member unless told otherwise.
    """
    from app.accounts.roles import Role
    from app.cli.output import print_json, print_line
    from app.cli.secrets import new_password
    from app.web.api_v1.account_view import Account

    typed = None if no_password else new_password()
    async with session.application() as app:
        hashed = None if typed is None else await app.passwords.hash(typed)
        libraries = None if library is None else [await _library(app, one) for one in library]
        async with app.transactions.begin() as tx:
            made = await app.accounts.create(
                tx,
                _actor(),
                name=name,
                password=hashed,
                role=Role.ADMINISTRATOR if admin else Role(role),
                libraries=libraries,
                max_age=max_age,
                allow_unrated=bool(unrated),
            )
    if json:
        print_json(Account.of(made))
    else:
        print_line(f"account {made.name}: {made.id} ({made.role})")


async def list_(*, json: AsJson = False, session: GivenSession) -> None:
    """List the accounts."""
    from app.cli.output import print_json, print_table
    from app.web.api_v1.account_view import Account, Accounts

    async with session.application() as app, app.transactions.begin() as tx:
        accounts = await app.accounts.list_all(tx)
    if json:
        print_json(Accounts([Account.of(one) for one in accounts]))
        return
    print_table(("ID", "NAME", "ROLE", "SEES", "PASSWORD", "DISABLED"), map(_row, accounts))


async def change(
    name: str,
    /,
    *,
    rename: Annotated[str | None, Parameter(help="A new name.")] = None,
    role: Roles | None = None,
    library: Libraries = None,
    all_libraries: AllLibraries = False,
    max_age: MaxAge = None,
    any_age: Annotated[bool, Parameter(negative=(), help="Take the limit of age away.")] = False,
    unrated: Unrated = None,
    disable: Annotated[bool, Parameter(help="Let them in no more; what is theirs stays.")] = False,
    enable: Annotated[bool, Parameter(help="Let them in again.")] = False,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Change an account. It takes effect at their next request.

    Parameters
    ----------
    name
        Whose.
    role
        What they are from now on.
    """
    from msgspec import UNSET

    from app.accounts.roles import Role
    from app.accounts.service import AccountChange
    from app.cli.output import print_json, print_line
    from app.errors import InvalidInput
    from app.web.api_v1.account_view import Account

    if disable and enable:
        raise InvalidInput("enable", "cannot be had together with --disable")
    if any_age and max_age is not None:
        raise InvalidInput("any-age", "cannot be had together with --max-age")
    async with session.application() as app:
        wanted = AccountChange(
            name=rename,
            role=None if role is None else Role(role),
            all_libraries=True if all_libraries else None,
            libraries=None if library is None else [await _library(app, one) for one in library],
            disabled=disable if disable or enable else None,
            max_age=None if any_age else UNSET if max_age is None else max_age,
            allow_unrated=unrated,
        )
        async with app.transactions.begin() as tx:
            found = await app.accounts.find(tx, name)
            changed = await app.accounts.change(tx, _actor(), found.id, wanted)
    if json:
        print_json(Account.of(changed))
    else:
        print_line(f"account {changed.name}: changed")


async def password(name: str, /, *, session: GivenSession) -> None:
    """Set somebody's password: asked for, or read from a pipe. All their logins end.

    Parameters
    ----------
    name
        Whose.
    """
    from app.cli.output import print_line
    from app.cli.secrets import new_password

    typed = new_password()
    async with session.application() as app:
        hashed = await app.passwords.hash(typed)
        async with app.transactions.begin() as tx:
            found = await app.accounts.find(tx, name)
            await app.accounts.set_password(tx, _actor(), found.id, hashed)
    print_line(f"account {found.name}: password set, all logins ended")


async def delete(name: str, /, *, session: GivenSession) -> None:
    """Delete an account and all that is its own. The last administrator stays.

    Parameters
    ----------
    name
        Whose.
    """
    from app.cli.output import print_line

    async with session.application() as app, app.transactions.begin() as tx:
        found = await app.accounts.find(tx, name)
        await app.accounts.delete(tx, _actor(), found.id)
    print_line(f"account {found.name}: deleted")


def _actor() -> "Actor":
    from app.accounts.audit import Actor
    from app.accounts.viewer import LOCAL_ADMINISTRATOR

    return Actor(viewer=LOCAL_ADMINISTRATOR)


async def _library(app: "Application", name_or_id: str) -> UUID:
    from app.cli.library import find

    return (await find(app, name_or_id)).id


def _row(account: "AccountRecord") -> tuple[object, ...]:
    count = len(account.libraries)
    sees = "all libraries" if account.all_libraries else f"{count} {'library' if count == 1 else 'libraries'}"
    if account.max_age is not None:
        sees += f", up to {account.max_age}" + (" or unrated" if account.allow_unrated else "")
    has_password = "set" if account.has_password else None
    return (account.id, account.name, account.role, sees, has_password, account.disabled_at)
