"""`revenge user`: accounts, made and changed."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from app.cli.named import find_account, find_library
from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from app.cli.api import Api
    from app.web.api_v1.account_view import Account

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
    app = App(name="user", help="Make accounts, list them, change them; their devices and API keys.")
    app.command(add)
    app.command(list_, name="list")
    app.command(change)
    app.command(password)
    app.command(delete)
    app.command(logins)
    app.command(log_out)
    app.command(keys)
    app.command(add_key)
    app.command(delete_key)
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
    from app.cli.output import print_answer, print_line, print_note
    from app.cli.secrets import new_password
    from app.web.api_v1.account_view import Account

    body: dict[str, object] = {"name": name, "role": "administrator" if admin else role}
    body |= {"max_age": max_age, "allow_unrated": bool(unrated)}
    body["password"] = None if no_password else new_password()
    async with session.api() as api:
        body["libraries"] = None if library is None else await _libraries(api, library)
        answer = await api.send("POST", "/accounts", Account, body)
    made = answer.value
    if json:
        print_answer(answer.content)
    else:
        print_line(f"account {made.name}: {made.id} ({made.role})")
        if made.max_age is not None and not made.allow_unrated:
            print_note("what nobody says an age of is hidden from them too; --unrated shows it")


async def list_(*, json: AsJson = False, session: GivenSession) -> None:
    """List the accounts."""
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.account_view import Accounts

    async with session.api() as api:
        answer = await api.get("/accounts", Accounts)
    if json:
        print_answer(answer.content)
        return
    print_table(("ID", "NAME", "ROLE", "SEES", "PASSWORD", "DISABLED"), map(_row, answer.value.accounts))


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
    from app.cli.output import print_answer, print_line
    from app.errors import InvalidInput
    from app.web.api_v1.account_view import Account

    if disable and enable:
        raise InvalidInput("enable", "cannot be had together with --disable")
    if any_age and max_age is not None:
        raise InvalidInput("any-age", "cannot be had together with --max-age")
    wanted: dict[str, object] = {
        "name": rename,
        "role": role,
        "all_libraries": True if all_libraries else None,
        "disabled": disable if disable or enable else None,
        "max_age": max_age,
        "allow_unrated": unrated,
    }
    async with session.api() as api:
        if library is not None:
            wanted["libraries"] = await _libraries(api, library)
        found = await find_account(api, name)
        body = {field: value for field, value in wanted.items() if value is not None}
        body |= {"max_age": None} if any_age else {}
        answer = await api.send("PATCH", f"/accounts/{found.id}", Account, body)
    if json:
        print_answer(answer.content)
    else:
        print_line(_told(answer.value))


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
    async with session.api() as api:
        found = await find_account(api, name)
        await api.do("PUT", f"/accounts/{found.id}/password", {"new": typed})
    print_line(f"account {found.name}: password set, all logins ended")


async def delete(name: str, /, *, session: GivenSession) -> None:
    """Delete an account and all that is its own. The last administrator stays.

    Parameters
    ----------
    name
        Whose.
    """
    from app.cli.output import print_line

    async with session.api() as api:
        found = await find_account(api, name)
        await api.do("DELETE", f"/accounts/{found.id}")
    print_line(f"account {found.name}: deleted")


async def logins(name: str, /, *, json: AsJson = False, session: GivenSession) -> None:
    """List the devices that are logged in as somebody.

    Parameters
    ----------
    name
        Whose.
    """
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.account_view import Logins

    async with session.api() as api:
        found = await find_account(api, name)
        answer = await api.get(f"/accounts/{found.id}/logins", Logins)
    if json:
        print_answer(answer.content)
        return
    rows = ((one.id, one.device, one.address, one.seen_at) for one in answer.value.logins)
    print_table(("ID", "DEVICE", "ADDRESS", "LAST SEEN"), rows)


async def log_out(name: str, device: str, /, *, session: GivenSession) -> None:
    """Log out one of somebody's devices, at once.

    Parameters
    ----------
    name
        Whose.
    device
        What it is called, where no other of theirs is called so; or the id of its login.
    """
    from app.cli.output import print_line
    from app.errors import NotFound
    from app.web.api_v1.account_view import Logins

    async with session.api() as api:
        found = await find_account(api, name)
        path = f"/accounts/{found.id}/logins"
        known = [one for one in (await api.get(path, Logins)).value.logins if device in (one.device, str(one.id))]
        if len(known) != 1:
            raise NotFound("one device", f"called {device!r}; see: revenge user logins {found.name!r}")
        await api.do("DELETE", f"{path}/{known[0].id}")
    print_line(f"account {found.name}: {known[0].device} logged out")


async def keys(name: str, /, *, json: AsJson = False, session: GivenSession) -> None:
    """List somebody's API keys.

    Parameters
    ----------
    name
        Whose.
    """
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.account_view import ApiKeys

    async with session.api() as api:
        found = await find_account(api, name)
        answer = await api.get(f"/accounts/{found.id}/api-keys", ApiKeys)
    if json:
        print_answer(answer.content)
        return
    rows = (
        (one.id, one.name, f"{one.hint}…", " ".join(one.scopes), one.used_at, one.expires_at)
        for one in answer.value.api_keys
    )
    print_table(("ID", "NAME", "KEY", "SCOPES", "LAST USED", "EXPIRES"), rows)


async def add_key(
    name: str,
    key: str,
    /,
    *,
    scope: Annotated[
        list[Literal["read", "stream", "scan", "admin"]], Parameter(help="What it is good for. May be given again.")
    ],
    expires: Annotated[
        datetime | None, Parameter(help="Good until then, such as 2027-01-01; UTC unless said. For ever, otherwise.")
    ] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Make an API key that speaks for somebody, and print it, this once.

    Parameters
    ----------
    name
        For whom it speaks; it can never do more than they may.
    key
        What to call it: the program it is for.
    """
    from app.cli.output import print_answer, print_line, print_note
    from app.web.api_v1.account_view import NewApiKey

    async with session.api() as api:
        found = await find_account(api, name)
        body: dict[str, object] = {"name": key, "scopes": scope}
        if expires is not None:
            body["expires_at"] = expires if expires.tzinfo is not None else expires.replace(tzinfo=UTC)
        answer = await api.send("POST", f"/accounts/{found.id}/api-keys", NewApiKey, body)
    if json:
        print_answer(answer.content)
        return
    print_line(answer.value.token)
    print_note(f"key {answer.value.api_key.name} of {found.name}; it is shown this once")


async def delete_key(name: str, key: str, /, *, session: GivenSession) -> None:
    """End one of somebody's API keys, at once.

    Parameters
    ----------
    name
        Whose.
    key
        Its name, where no other is called so, or its id.
    """
    from app.cli.output import print_line
    from app.errors import NotFound
    from app.web.api_v1.account_view import ApiKeys

    async with session.api() as api:
        found = await find_account(api, name)
        path = f"/accounts/{found.id}/api-keys"
        known = [one for one in (await api.get(path, ApiKeys)).value.api_keys if key in (one.name, str(one.id))]
        if len(known) != 1:
            raise NotFound("one API key", f"called {key!r}; see: revenge user keys {found.name!r}")
        await api.do("DELETE", f"{path}/{known[0].id}")
    print_line(f"account {found.name}: key {known[0].name} ended")


async def _libraries(api: "Api", names: list[str]) -> list[str]:
    return [str((await find_library(api, name)).id) for name in names]


def _row(account: "Account") -> tuple[object, ...]:
    has_password = "set" if account.has_password else None
    return (account.id, account.name, account.role, _sees(account), has_password, account.disabled_at)


def _told(account: "Account") -> str:
    disabled = "" if account.disabled_at is None else ", let in no more"
    return f"account {account.name}: {account.role}, sees {_sees(account)}{disabled}"


def _sees(account: "Account") -> str:
    count = len(account.libraries)
    sees = "all libraries" if account.all_libraries else f"{count} {'library' if count == 1 else 'libraries'}"
    if account.max_age is not None:
        sees += f", up to {account.max_age}" + (" or unrated" if account.allow_unrated else "")
    return sees
