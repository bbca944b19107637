"""`revenge library`, its folders: where they are, what is gone from them, what is there twice."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from cyclopts import Parameter

from app.cli.named import absolute, find_library, find_root
from app.cli.paging import Cursor, Limit, pages
from app.cli.session import AsJson, GivenSession, Session

if TYPE_CHECKING:
    from app.web.api_v1.root_view import Root


async def list_(library: str, /, *, json: AsJson = False, session: GivenSession) -> None:
    """List a library's folders: what is known of them, and which node hears of changes in them.

    Parameters
    ----------
    library
        Its name or its id.
    """
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.root_view import Roots

    async with session.api() as api:
        wanted = await find_library(api, library)
        answer = await api.get(f"/libraries/{wanted.id}/roots", Roots)
    if json:
        print_answer(answer.content)
        return
    rows = (
        (
            root.id,
            root.path,
            root.present_files,
            root.missing_files,
            "; ".join(
                f"{one.node}: {one.mode}" + (f" ({one.reason})" if one.reason else "") for one in root.watched_by
            ),
        )
        for root in answer.value.roots
    )
    print_table(("ID", "FOLDER", "FILES", "MISSING", "WATCHED BY"), rows)


async def move_root(library: str, old: str, new: str, /, *, session: GivenSession) -> None:
    """Say that a folder of a library lies elsewhere now. Everything known of it stays.

    Parameters
    ----------
    library
        Its name or its id.
    old
        The folder's path so far, or its id.
    new
        Where it is now. It must show the marker that a scan has left, or what is known to be in it.
    """
    from app.cli.output import print_line, print_note

    root, library_id = await _change(session, library, old, {"path": absolute([new])[0]})
    print_line(f"{root.id} is at {root.path} now")
    print_note(f"see what has changed with: revenge library scan {library_id} --wait")


async def own_queue(
    library: str,
    root: str,
    /,
    *,
    off: Annotated[bool, Parameter(help="Every node sees it again.")] = False,
    session: GivenSession,
) -> None:
    """Say that not every node sees a folder: its jobs wait in a queue of its own for those that do.

    Parameters
    ----------
    library
        Its name or its id.
    root
        The folder's path, or its id.
    """
    from app.cli.output import print_line, print_note

    changed, _ = await _change(session, library, root, {"has_own_queue": not off})
    print_line(f"{changed.path}: its jobs wait in the queue {changed.queue}")
    if not off:
        print_note(f"on the nodes that see the folder, put {str(changed.id)!r} into library.roots of the configuration")


async def _change(session: Session, library: str, called: str, body: dict[str, object]) -> tuple["Root", UUID]:
    from app.web.api_v1.root_view import Roots

    async with session.api() as api:
        wanted = await find_library(api, library)
        path = f"/libraries/{wanted.id}/roots"
        known = find_root((await api.get(path, Roots)).value.roots, called, library)
        changed = (await api.send("PATCH", f"{path}/{known.id}", Roots, body)).value.roots
    return next(root for root in changed if root.id == known.id), wanted.id


async def purge(library: str, /, *, missing_for: str = "0", json: AsJson = False, session: GivenSession) -> None:
    """Forget what is missing, with the items that have nothing else and all that hangs on them.

    Parameters
    ----------
    library
        Its name or its id.
    missing_for
        Only what has been missing for so long, such as 30d.
    """
    from app.cli.output import print_answer, print_line
    from app.config.durations import parse_duration
    from app.errors import InvalidInput
    from app.web.api_v1.root_view import Purge

    try:
        parse_duration(missing_for)
    except ValueError as err:
        raise InvalidInput("missing-for", str(err)) from None
    async with session.api() as api:
        wanted = await find_library(api, library)
        answer = await api.send("POST", f"/libraries/{wanted.id}/purge", Purge, {"missing_for": missing_for})
    if json:
        print_answer(answer.content)
    else:
        print_line(f"{answer.value.files} files and {answer.value.items} items forgotten")


async def duplicates(
    *, limit: Limit = None, cursor: Cursor = None, json: AsJson = False, session: GivenSession
) -> None:
    """List files that are copies of each other, the largest first. Counted are groups of copies."""
    from app.cli.output import print_answer, print_note, print_table
    from app.web.api_v1.root_view import Duplicates

    async with session.api() as api:
        answer = await pages(api, "/duplicates", Duplicates, "duplicates", limit=limit, json=json, cursor=cursor)
    if json:
        print_answer(answer.content)
        return
    rows = (
        (number, group.size, f"{one.root}/{one.path}", "hard link" if one.is_hard_link else "")
        for number, group in enumerate(answer.value.duplicates, 1)
        for one in group.files
    )
    print_table(("GROUP", "BYTES", "FILE", ""), rows)
    if answer.value.next_cursor is not None:
        print_note(f"there may be more: --cursor {answer.value.next_cursor}")


async def problems(
    library: str | None = None,
    *,
    limit: Limit = None,
    cursor: Cursor = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """List the files that could not be read, or not all of them, those found last first.

    Parameters
    ----------
    library
        Only of this library: its name or its id.
    """
    from app.cli.output import print_answer, print_note, print_table
    from app.web.api_v1.root_view import FileProblems

    async with session.api() as api:
        wanted = None if library is None else str((await find_library(api, library)).id)
        query = {"library_id": wanted, "cursor": cursor}
        answer = await pages(api, "/problems", FileProblems, "problems", limit=limit, json=json, **query)
    if json:
        print_answer(answer.content)
        return
    found = answer.value.problems
    print_table(("PROBLEM", "FILE", "WHY"), ((one.problem, f"{one.root}/{one.path}", one.detail) for one in found))
    if answer.value.next_cursor is not None:
        print_note(f"there may be more: --cursor {answer.value.next_cursor}")
