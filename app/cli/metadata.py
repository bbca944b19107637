"""`revenge metadata`: who is asked about what, and what waits for a person. What one item is stands in `matching`."""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from app.cli import matching
from app.cli.asking import ask_for_job
from app.cli.named import find_library
from app.cli.session import AsJson, GivenSession

Library = Annotated[str | None, Parameter(help="Only of this library: its name or its id.")]


def group() -> App:
    app = App(name="metadata", help="Choose sources, look at what is doubtful, say what an item is.")
    app.command(sources)
    app.command(use)
    app.command(refresh)
    app.command(reviews)
    for command in (matching.show, matching.search, matching.choose, matching.unmatch, matching.retry):
        app.command(command)
    for command in (matching.lock, matching.unlock, matching.orders, matching.order):
        app.command(command)
    return app


async def sources(*, json: AsJson = False, session: GivenSession) -> None:
    """List the sources there are, and whether they answer."""
    from app.cli.output import print_answer, print_table
    from app.web.api_v1.metadata_view import MetadataSources

    async with session.api() as api:
        answer = await api.get("/metadata/sources", MetadataSources)
    if json:
        print_answer(answer.content)
        return
    rows = (
        (one.name, ", ".join(one.kinds), "ready" if one.is_ready else "needs a key", one.waits_until, one.problem)
        for one in answer.value.sources
    )
    print_table(("SOURCE", "ABOUT", "STATE", "WAITS UNTIL", "PROBLEM"), rows)


async def use(
    library: str,
    names: list[str] | None = None,
    /,
    *,
    language: Annotated[str | None, Parameter(help="Such as de or pt-BR.")] = None,
    region: Annotated[str | None, Parameter(help="Whose certifications count, such as DE.")] = None,
    order: Annotated[str | None, Parameter(help="How episodes are counted: aired, absolute, dvd …")] = None,
    nobody: Annotated[bool, Parameter(help="Ask nobody about this library.")] = False,
    configured: Annotated[bool, Parameter(help="Ask whom the configuration names.")] = False,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Say which sources are asked about a library, in which order; without any, show it.

    Parameters
    ----------
    library
        Its name or its id.
    names
        The sources, the most believed first.
    """
    from app.cli.output import print_answer, print_line
    from app.web.api_v1.metadata_view import LibraryMetadata

    changes: dict[str, object] = {"language": language} if language else {}
    changes |= {"region": region} if region else {}
    changes |= {"episode_order": order} if order else {}
    if names or nobody or configured:
        changes["sources"] = None if configured else (names or [])
    async with session.api() as api:
        path = f"/libraries/{(await find_library(api, library)).id}/metadata"
        answer = await (
            api.send("PATCH", path, LibraryMetadata, changes) if changes else api.get(path, LibraryMetadata)
        )
    if json:
        print_answer(answer.content)
    else:
        found = answer.value
        counted = "" if found.episode_order == "aired" else f", {found.episode_order}"
        print_line(f"{', '.join(found.sources) or 'nobody'} ({found.language}, {found.region}{counted})")


async def refresh(library: str, /, *, json: AsJson = False, session: GivenSession) -> None:
    """Ask now for what was never asked for, and for what is old, of a library.

    Parameters
    ----------
    library
        Its name or its id.
    """

    async with session.api() as api:
        wanted = await find_library(api, library)
        await ask_for_job(api, "POST", f"/libraries/{wanted.id}/metadata/refresh", json=json)


async def reviews(
    *,
    state: Annotated[
        Literal["doubtful", "unmatched"] | None, Parameter(help="Only what is doubtful, or what nobody knows.")
    ] = None,
    library: Library = None,
    limit: Annotated[int, Parameter(help="How many at most, 1 to 500; 50 unless told otherwise.")] = 50,
    cursor: Annotated[str | None, Parameter(help="Where the last listing ended.")] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """List what waits for a person."""
    from app.cli.output import print_answer, print_note, print_table
    from app.web.api_v1.metadata_view import ReviewPage

    async with session.api() as api:
        library_id = None if library is None else str((await find_library(api, library)).id)
        query = {"state": state, "library_id": library_id, "limit": limit, "cursor": cursor}
        answer = await api.get("/metadata/reviews", ReviewPage, **query)
    if json:
        print_answer(answer.content)
        return
    rows = (
        (one.item_id, one.title, one.year, one.kind, one.state, len(one.candidates), one.reason)
        for one in answer.value.reviews
    )
    print_table(("ITEM", "TITLE", "YEAR", "KIND", "STATE", "CANDIDATES", "WHY"), rows)
    if answer.value.next_cursor is not None:
        print_note(f"there are more: --cursor {answer.value.next_cursor}")
