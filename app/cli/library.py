"""`revenge library`: what is looked into, and looking again."""

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from cyclopts import App, Parameter

from app.cli import roots
from app.cli.named import absolute, find_library
from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
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
    app = App(name="library", help="Make libraries, list them, change them, scan them, forget them.")
    app.command(list_, name="list")
    for command in (add, show, change, picture, scan, remove):
        app.command(command)
    app.command(roots.list_, name="roots")
    for command_of_roots in (roots.move_root, roots.own_queue, roots.purge, roots.duplicates, roots.problems):
        app.command(command_of_roots)
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
        body = {"name": name, "kind": kind, "paths": absolute(paths)}
        answer = await api.send("POST", "/libraries", Library, body)
    if json:
        print_answer(answer.content)
    else:
        library = answer.value
        print_line(f"library {library.name}: {library.id}")
        print_note(f"fill it with: revenge library scan {library.id} --wait")


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
        wanted = await find_library(api, library)
        answer = await api.get(f"/libraries/{wanted.id}", Library)
    if json:
        print_answer(answer.content)
        return
    found = answer.value
    for name in ("id", "name", "kind", "created_at", "updated_at"):
        print_line(f"{name:<10} {shown(getattr(found, name))}")
    for path in found.paths:
        print_line(f"{'folder':<10} {path}")


async def change(
    library: str,
    /,
    *,
    rename: Annotated[str | None, Parameter(help="A new name.")] = None,
    path: Annotated[
        list[str] | None,
        Parameter(help="A folder it looks into from now on; name them all. What is in others goes missing."),
    ] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Change a library's name, or the folders it looks into. A folder that has only moved: see move-root.

    Parameters
    ----------
    library
        Its name or its id.
    """
    from app.catalog.views import Library
    from app.cli.output import print_answer, print_line, print_note
    from app.errors import InvalidInput

    body = {"name": rename, "paths": None if path is None else absolute(path)}
    body = {field: value for field, value in body.items() if value is not None}
    if not body:
        raise InvalidInput("", "say what is to be changed: --rename, --path or both")
    async with session.api() as api:
        wanted = await find_library(api, library)
        answer = await api.send("PATCH", f"/libraries/{wanted.id}", Library, body)
    if json:
        print_answer(answer.content)
        return
    changed = answer.value
    print_line(f"library {changed.name}: {', '.join(changed.paths) or 'no folders'}")
    if path is not None:
        print_note(f"see what has changed with: revenge library scan {changed.id} --wait")


async def picture(library: str, item: UUID | None = None, /, *, session: GivenSession) -> None:
    """Let the picture of one of its items stand for a library.

    Parameters
    ----------
    library
        Its name or its id.
    item
        The item's id; without one, what came last to the library.
    """
    from app.cli.output import print_line

    async with session.api() as api:
        wanted = await find_library(api, library)
        chosen = None if item is None else str(item)
        await api.do("PUT", f"/libraries/{wanted.id}/image", {"item_id": chosen})
    print_line(f"library {wanted.name}: shows {'what came last' if item is None else item}")


async def remove(library: str, /, *, session: GivenSession) -> None:
    """Forget a library and all that is known of what is in it. The media stay where they are.

    Parameters
    ----------
    library
        Its name or its id.
    """
    from app.cli.output import print_line

    async with session.api() as api:
        wanted = await find_library(api, library)
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
        wanted = await find_library(api, library)
        paths = absolute(path or [])
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
