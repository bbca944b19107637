"""`revenge library`: what is looked into, and looking again."""

import os
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote_from_bytes
from uuid import UUID

from cyclopts import App, Parameter

from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from app.catalog.views import Library
    from app.cli.api import Answer, Api
    from app.web.api_v1.job_view import Job
    from app.web.api_v1.library_view import ScanAnswer

Wait = Annotated[bool, Parameter(help="Show the scan's progress until it has ended.")]
Full = Annotated[bool, Parameter(help="Look into unchanged folders too, and read all names again.")]

Below = Annotated[
    list[str] | None,
    Parameter(help="Only this folder with all below it, or the folder this file is in. May be repeated."),
]
Confirm = Annotated[bool, Parameter(help="Say that the many files the last scan missed are gone indeed.")]


def group() -> App:
    app = App(name="library", help="Make libraries, list them, scan them, forget them.")
    app.command(add)
    app.command(list_, name="list")
    app.command(show)
    app.command(scan)
    app.command(remove)
    app.command(roots)
    app.command(move_root)
    app.command(purge)
    app.command(duplicates)
    return app


async def add(
    name: str,
    paths: list[str],
    /,
    *,
    kind: Literal["movies", "tvshows", "music"] = "movies",
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Make a library.

    Parameters
    ----------
    name
        What it is called.
    paths
        The folders it looks into.
    kind
        What is in them; movies unless told otherwise.
    """
    from app.catalog.views import Library
    from app.cli.output import print_answer, print_line, print_note

    async with session.api() as api:
        body = {"name": name, "kind": kind, "paths": _absolute(paths)}
        answer = await api.send("POST", "/libraries", Library, body)
    if json:
        print_answer(answer.content)
    else:
        library = answer.value
        print_line(f"library {library.name}: {library.id}")
        print_note(f"fill it with: revenge library scan {library.id} --wait")


def _absolute(paths: list[str]) -> list[str]:
    """The server may have been started in another folder."""
    return [_as_text(os.path.abspath(path)) for path in paths]  # noqa: PTH100  Path.absolute keeps `..`, resolve links


def _as_text(path: str) -> str:
    """Write a path that is no UTF-8 as an URI; JSON cannot hold it otherwise."""
    encoded = os.fsencode(path)
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return "file://" + quote_from_bytes(encoded)


async def list_(*, json: AsJson = False, session: GivenSession) -> None:
    """List the libraries."""
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.library_view import Libraries

    async with session.api() as api:
        answer = await api.get("/libraries", Libraries)
    if json:
        print_answer(answer.content)
    else:
        rows = ((one.id, one.name, one.kind, ", ".join(one.paths)) for one in answer.value.libraries)
        print_table(("ID", "NAME", "KIND", "FOLDERS"), rows)


async def show(library: str, /, *, json: AsJson = False, session: GivenSession) -> None:
    """Show one library.

    Parameters
    ----------
    library
        Its name or its id.
    """
    from app.catalog.views import Library
    from app.cli.output import print_answer, print_line, shown

    async with session.api() as api:
        wanted = await find(api, library)
        answer = await api.get(f"/libraries/{wanted.id}", Library)
    if json:
        print_answer(answer.content)
        return
    found = answer.value
    for name in ("id", "name", "kind", "created_at", "updated_at"):
        print_line(f"{name:<10} {shown(getattr(found, name))}")
    for path in found.paths:
        print_line(f"{'folder':<10} {path}")


async def remove(library: str, /, *, session: GivenSession) -> None:
    """Forget a library and all that is known of what is in it. The media stay where they are.

    Parameters
    ----------
    library
        Its name or its id.
    """
    from app.cli.output import print_line

    async with session.api() as api:
        wanted = await find(api, library)
        await api.do("DELETE", f"/libraries/{wanted.id}")
    print_line(f"library {wanted.name}: forgotten; what is on the disk stays there")


async def scan(
    library: str,
    /,
    *,
    full: Full = False,
    confirm_loss: Confirm = False,
    path: Below = None,
    wait: Wait = False,
    json: AsJson = False,
    session: GivenSession,
) -> int:
    """Ask for a scan of a library. A node that works jobs does it.

    Ends with 1 if it was waited for and did not see everything.

    Parameters
    ----------
    library
        Its name or its id.
    """
    from app.cli.output import print_answer, print_json, print_line
    from app.cli.progress import watch
    from app.web.api_v1.job_view import Job
    from app.web.api_v1.library_view import ScanAnswer

    async with session.api() as api:
        wanted = await find(api, library)
        paths = _absolute(path or [])
        answer = await _request(api, wanted.id, full=full, confirm_loss=confirm_loss, paths=paths)
        job = answer.value.job
        if wait:

            async def get(job_id: int) -> Job:
                return (await api.get(f"/jobs/{job_id}", Job)).value

            job, code = await watch(get, job.id, quiet=json)
            if json:
                print_json(ScanAnswer(job, answer.value.duplicate))
            return _tell_unseen(job) or code
    if json:
        print_answer(answer.content)
    else:
        already = " waits or runs already:" if answer.value.duplicate else " asked for:"
        print_line(f"scan of {wanted.name}{already} job {job.id}")
    return 0


async def _request(
    api: "Api", library_id: UUID, *, full: bool, confirm_loss: bool, paths: list[str]
) -> "Answer[ScanAnswer]":
    from app.web.api_v1.library_view import ScanAnswer

    confirmed = None
    if confirm_loss:
        confirmed = await api.send("POST", f"/libraries/{library_id}/confirm-loss", ScanAnswer)
        if not full:
            return confirmed
    body = {"full_scan": full, "paths": paths}
    requested = await api.send("POST", f"/libraries/{library_id}/scan", ScanAnswer, body)
    return confirmed or requested


def _tell_unseen(job: "Job") -> int:
    """Name the folders that a scan could not, or would not, believe; return 1 when there are any."""
    from app.cli.output import print_note
    from app.cli.progress import output_of

    output = output_of(job)
    roots = output.get("roots", ()) if isinstance(output, dict) else ()
    doubted = [root for root in roots if root["outcome"] != "completed"]
    for root in doubted:
        reason = f": {root['reason']}" if "reason" in root else ""
        print_note(f"{root['path']}: {root['outcome'].replace('_', ' ')}{reason}")
        if root["outcome"] == "needs_confirmation":
            print_note(
                f"{root['unconfirmed']} files seem to be gone, which is much at once; they stay as they were. If they "
                "are gone indeed: revenge library scan --confirm-loss"
            )
    return 1 if doubted else 0


async def roots(library: str, /, *, json: AsJson = False, session: GivenSession) -> None:
    """List a library's folders: what is known of them, and which node hears of changes in them.

    Parameters
    ----------
    library
        Its name or its id.
    """
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.root_view import Roots

    async with session.api() as api:
        wanted = await find(api, library)
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
    from app.errors import NotFound
    from app.web.api_v1.root_view import Roots

    async with session.api() as api:
        wanted = await find(api, library)
        path = f"/libraries/{wanted.id}/roots"
        known = (await api.get(path, Roots)).value.roots
        root_id = next((root.id for root in known if not _names(old).isdisjoint({root.path, str(root.id)})), None)
        if root_id is None:
            raise NotFound("root", f"{old!r}; see: revenge library roots {library!r}")
        body = {"path": _absolute([new])[0]}
        changed = (await api.send("PATCH", f"{path}/{root_id}", Roots, body)).value.roots
    root = next(root for root in changed if root.id == root_id)
    print_line(f"{root_id} is at {root.path} now")
    print_note(f"see what has changed with: revenge library scan {wanted.id} --wait")


def _names(root: str) -> set[str]:
    """What somebody may call a root: its id, or its path as it is shown, from here or in full."""
    from app.library.paths import display_path

    return {root, *(display_path(os.fsencode(one)) for one in (root, os.path.abspath(root)))}  # noqa: PTH100  as above


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
        wanted = await find(api, library)
        answer = await api.send("POST", f"/libraries/{wanted.id}/purge", Purge, {"missing_for": missing_for})
    if json:
        print_answer(answer.content)
    else:
        print_line(f"{answer.value.files} files and {answer.value.items} items forgotten")


async def duplicates(*, limit: int = 50, json: AsJson = False, session: GivenSession) -> None:
    """List files that are copies of each other, the largest first.

    Parameters
    ----------
    limit
        How many groups of copies to list.
    """
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.root_view import Duplicates

    async with session.api() as api:
        answer = await api.get("/duplicates", Duplicates, limit=limit)
    if json:
        print_answer(answer.content)
        return
    rows = (
        (number, group.size, f"{one.root}/{one.path}", "hard link" if one.is_hard_link else "")
        for number, group in enumerate(answer.value.duplicates, 1)
        for one in group.files
    )
    print_table(("GROUP", "BYTES", "FILE", ""), rows)


async def find(api: "Api", name_or_id: str) -> "Library":
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
