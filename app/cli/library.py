"""`revenge library`: what is looked into, and looking again."""

import os
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from cyclopts import App, Parameter

from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from app.catalog.views import Library
    from app.jobs.types import JobInsertResult, JobRow
    from app.main import Application

Wait = Annotated[bool, Parameter(help="Show the scan's progress until it has ended.")]
Full = Annotated[bool, Parameter(help="Look into unchanged folders too, and read all names again.")]

Below = Annotated[
    list[str] | None,
    Parameter(help="Only this folder with all below it, or the folder this file is in. May be repeated."),
]
Confirm = Annotated[bool, Parameter(help="Say that the many files the last scan missed are gone indeed.")]


def group() -> App:
    app = App(name="library", help="Make libraries, list them, scan them.")
    app.command(add)
    app.command(list_, name="list")
    app.command(scan)
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
    from app.accounts.viewer import LOCAL_ADMINISTRATOR
    from app.cli.output import print_json, print_line, print_note

    async with session.application() as app:
        async with app.transactions.begin() as tx:
            made = await app.library.create_library(tx, name=name, kind=kind, paths=_absolute(paths))
        library = await app.catalog.library(LOCAL_ADMINISTRATOR, made.id)
    if json:
        print_json(library)
    else:
        print_line(f"library {library.name}: {library.id}")
        print_note(f"fill it with: revenge library scan {library.id} --wait")


def _absolute(paths: list[str]) -> list[str]:
    """The server may have been started in another folder."""
    return [os.path.abspath(path) for path in paths]  # noqa: PTH100  Path.absolute keeps `..`, resolve follows links


async def list_(*, json: AsJson = False, session: GivenSession) -> None:
    """List the libraries."""
    from app.accounts.viewer import LOCAL_ADMINISTRATOR
    from app.cli.output import print_json, print_table
    from app.web.api_v1.library import Libraries

    async with session.application() as app:
        libraries = await app.catalog.libraries(LOCAL_ADMINISTRATOR)
    if json:
        print_json(Libraries(libraries))
    else:
        rows = ((one.id, one.name, one.kind, ", ".join(one.paths)) for one in libraries)
        print_table(("ID", "NAME", "KIND", "FOLDERS"), rows)


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
    from app.cli.output import print_json, print_line
    from app.cli.progress import watch
    from app.web.api_v1.job_view import Job
    from app.web.api_v1.library import ScanAnswer

    async with session.application() as app:
        wanted = await find(app, library)
        result = await _request(app, wanted.id, full=full, confirm_loss=confirm_loss, paths=_absolute(path or []))
        job, code = result.job, 0
        if wait:
            job, code = await watch(app.client.jobs.get, job.id, quiet=json)
            code = _tell_unseen(job) or code
    if json:
        print_json(ScanAnswer(Job.of(job), result.unique_skipped_as_duplicate))
    elif not wait:
        already = " waits or runs already:" if result.unique_skipped_as_duplicate else " asked for:"
        print_line(f"scan of {wanted.name}{already} job {job.id}")
    return code


async def _request(
    app: "Application", library_id: UUID, *, full: bool, confirm_loss: bool, paths: list[str]
) -> "JobInsertResult":
    async with app.transactions.begin() as tx:
        confirmed = await app.library.confirm_loss(tx, library_id) if confirm_loss else None
        if confirmed is not None and not full:
            return confirmed
        requested = await app.library.request_scan(tx, library_id, full_scan=full, paths=paths)
        return confirmed or requested


def _tell_unseen(job: "JobRow") -> int:
    """Name the folders that a scan could not, or would not, believe; return 1 when there are any."""
    from app.cli.output import print_note

    output = job.metadata_value().get("output")
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
    from app.cli.output import print_json, print_table
    from app.web.api_v1.roots import Root, Roots

    async with session.application() as app:
        wanted = await find(app, library)
        async with app.transactions.begin() as tx:
            found = [Root.of(status) for status in await app.library.roots(tx, wanted.id)]
    if json:
        print_json(Roots(found))
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
        for root in found
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

    async with session.application() as app:
        wanted = await find(app, library)
        async with app.transactions.begin() as tx:
            known = await app.library.roots(tx, wanted.id)
            paths = {os.fsencode(name) for name in (old, *_absolute([old]))}
            root_id = next((one.root.id for one in known if one.root.path in paths or str(one.root.id) == old), None)
            if root_id is None:
                raise NotFound("root", f"{old!r}; see: revenge library roots {library!r}")
            changed = await app.library.change_root(tx, wanted.id, root_id, path=_absolute([new])[0])
    root = next(root for root in changed.roots if root.id == root_id)
    print_line(f"{root_id} is at {root.display_path} now")
    print_note(f"see what has changed with: revenge library scan {wanted.id} --wait")


async def purge(library: str, /, *, missing_for: str = "0", json: AsJson = False, session: GivenSession) -> None:
    """Forget what is missing, with the items that have nothing else and all that hangs on them.

    Parameters
    ----------
    library
        Its name or its id.
    missing_for
        Only what has been missing for so long, such as 30d.
    """
    from app.cli.output import print_json, print_line
    from app.config.durations import parse_duration
    from app.errors import InvalidInput
    from app.web.api_v1.roots import Purge

    try:
        duration = parse_duration(missing_for)
    except ValueError as err:
        raise InvalidInput("missing-for", str(err)) from None
    async with session.application() as app:
        wanted = await find(app, library)
        async with app.transactions.begin() as tx:
            purged = await app.library.purge(tx, wanted.id, duration)
    if json:
        print_json(Purge(purged.files, purged.items))
    else:
        print_line(f"{purged.files} files and {purged.items} items forgotten")


async def duplicates(*, limit: int = 50, json: AsJson = False, session: GivenSession) -> None:
    """List files that are copies of each other, the largest first.

    Parameters
    ----------
    limit
        How many groups of copies to list.
    """
    from app.cli.output import print_json, print_table
    from app.web.api_v1.roots import Duplicates, FileCopies

    async with session.application() as app, app.transactions.begin() as tx:
        found = [FileCopies.of(group) for group in await app.library.duplicates(tx, None, limit)]
    if json:
        print_json(Duplicates(found, None))
        return
    rows = (
        (number, group.size, f"{one.root}/{one.path}", "hard link" if one.is_hard_link else "")
        for number, group in enumerate(found, 1)
        for one in group.files
    )
    print_table(("GROUP", "BYTES", "FILE", ""), rows)


async def find(app: "Application", name_or_id: str) -> "Library":
    """Return the library of this name, whatever its case, or of this id.

    Raises:
        NotFound: there is none.
    """
    from app.accounts.viewer import LOCAL_ADMINISTRATOR
    from app.errors import NotFound

    for library in await app.catalog.libraries(LOCAL_ADMINISTRATOR):
        if name_or_id.casefold() in (library.name.casefold(), str(library.id)):
            return library
    raise NotFound("library", f"called {name_or_id!r}; see: revenge library list")
