"""`revenge metadata`: who is asked about what, and what waits for a person."""

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from cyclopts import App, Parameter

from app.cli.named import find_library
from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.cli.api import Api
    from app.web.api_v1.metadata_view import ItemMatch, MatchCandidate

Library = Annotated[str | None, Parameter(help="Only of this library: its name or its id.")]


def group() -> App:
    app = App(name="metadata", help="Choose sources, look at what is doubtful, say what an item is.")
    app.command(sources)
    app.command(use)
    app.command(refresh)
    app.command(reviews)
    app.command(show)
    app.command(search)
    app.command(choose)
    app.command(unmatch)
    app.command(retry)
    app.command(lock)
    app.command(unlock)
    app.command(orders)
    app.command(order)
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
        await _ask(api, "POST", f"/libraries/{wanted.id}/metadata/refresh", json=json)


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


async def show(item: UUID, /, *, json: AsJson = False, session: GivenSession) -> None:
    """Show what an item was taken for, and what else it might be.

    Parameters
    ----------
    item
        Its id.
    """
    from app.cli.output import print_answer
    from app.web.api_v1.metadata_view import ItemMatch

    async with session.api() as api:
        answer = await api.get(f"/items/{item}/match", ItemMatch)
    if json:
        print_answer(answer.content)
    else:
        _tell(answer.value)
        _list(answer.value.candidates)


async def search(
    item: UUID,
    title: str | None = None,
    /,
    *,
    year: Annotated[int | None, Parameter(help="Of its first release.")] = None,
    source: Annotated[str | None, Parameter(help="Ask this source alone.")] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Ask the sources what an item may be.

    Parameters
    ----------
    item
        Its id.
    title
        What it may be called; its own title unless told otherwise.
    """
    from app.cli.output import print_answer
    from app.web.api_v1.metadata_view import Candidates

    async with session.api() as api:
        path = f"/items/{item}/match/candidates"
        answer = await api.get(path, Candidates, title=title, year=year, source=source)
    if json:
        print_answer(answer.content)
    else:
        _list(answer.value.candidates)


async def choose(item: UUID, source: str, external_id: str, /, *, json: AsJson = False, session: GivenSession) -> None:
    """Say what an item is. Nothing but a person changes that any more.

    Parameters
    ----------
    item
        Its id.
    source
        Who calls it so: tmdb, tvmaze …
    external_id
        What the source calls it.
    """
    body = {"source": source, "external_id": external_id}
    async with session.api() as api:
        await _ask(api, "PUT", f"/items/{item}/match", body, json=json)


async def unmatch(item: UUID, /, *, json: AsJson = False, session: GivenSession) -> None:
    """Say that an item is nothing the sources know; it is not looked for again.

    Parameters
    ----------
    item
        Its id.
    """
    async with session.api() as api:
        await _change(api, "DELETE", f"/items/{item}/match", json=json)


async def retry(item: UUID, /, *, json: AsJson = False, session: GivenSession) -> None:
    """Forget what was decided about an item, and look anew.

    Parameters
    ----------
    item
        Its id.
    """
    async with session.api() as api:
        await _ask(api, "POST", f"/items/{item}/match/retry", json=json)


async def lock(item: UUID, /, *fields: str, json: AsJson = False, session: GivenSession) -> None:
    """Keep fields of an item as they are shown now, whoever says what.

    Parameters
    ----------
    item
        Its id.
    fields
        title, sort_title, original_title, year, released_on, number or files.
    """
    async with session.api() as api:
        locked = await _locked(api, item)
        await _lock(api, item, [*locked, *(field for field in fields if field not in locked)], json=json)


async def unlock(item: UUID, /, *fields: str, json: AsJson = False, session: GivenSession) -> None:
    """Let sources, files and scans say these fields of an item again; without any, all of them.

    Parameters
    ----------
    item
        Its id.
    fields
        As `metadata show` lists them.
    """
    async with session.api() as api:
        kept = [field for field in await _locked(api, item) if fields and field not in fields]
        await _lock(api, item, kept, json=json)


async def _locked(api: "Api", item: UUID) -> list[str]:
    from app.web.api_v1.metadata_view import ItemMatch

    return (await api.get(f"/items/{item}/match", ItemMatch)).value.locked


async def _lock(api: "Api", item: UUID, fields: list[str], *, json: bool) -> None:
    from app.catalog.views import Item
    from app.cli.output import print_answer, print_line

    answer = await api.send("PATCH", f"/items/{item}", Item, {"locked": fields})
    if json:
        print_answer(answer.content)
    else:
        print_line(f"locked: {', '.join(answer.value.locked) or 'nothing'}")


async def orders(item: UUID, /, *, json: AsJson = False, session: GivenSession) -> None:
    """List the orders in which the source of a series counts its episodes, and which one is followed.

    Parameters
    ----------
    item
        The series' id.
    """
    from app.cli.output import print_answer, print_line, print_table
    from app.web.api_v1.metadata_view import EpisodeOrders

    async with session.api() as api:
        answer = await api.get(f"/items/{item}/episode-order", EpisodeOrders)
    if json:
        print_answer(answer.content)
        return
    found = answer.value
    print_line(f"counted: {found.chosen or f'{found.library}, as its library'}")
    rows = ((one.key, one.order, one.name, one.seasons, one.episodes) for one in found.lists)
    print_table(("LIST", "ORDER", "NAME", "SEASONS", "EPISODES"), rows)


async def order(
    item: UUID,
    order: str | None = None,
    /,
    *,
    as_library: Annotated[bool, Parameter(help="As its library is counted.")] = False,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Say how the episodes of a series are counted. What was watched stays with its file.

    Parameters
    ----------
    item
        The series' id.
    order
        aired, absolute, dvd, digital, story_arc, production, tv, original, alternate, regional, or a list of its own.
    """
    from app.errors import InvalidInput

    if (order is None) is not as_library:
        raise InvalidInput("order", "say one, or --as-library")
    async with session.api() as api:
        await _ask(api, "PUT", f"/items/{item}/episode-order", {"order": order}, json=json)


async def _ask(api: "Api", method: str, path: str, body: object = None, *, json: bool) -> None:
    from app.cli.output import print_answer, print_line
    from app.web.api_v1.library_view import ScanAnswer

    answer = await api.send(method, path, ScanAnswer, body)
    if json:
        print_answer(answer.content)
    else:
        already = " waits or runs already" if answer.value.duplicate else " asked for"
        print_line(f"job {answer.value.job.id}{already}")


async def _change(api: "Api", method: str, path: str, body: object = None, *, json: bool) -> None:
    from app.cli.output import print_answer
    from app.web.api_v1.metadata_view import ItemMatch

    answer = await api.send(method, path, ItemMatch, body)
    if json:
        print_answer(answer.content)
    else:
        _tell(answer.value)


def _tell(match: "ItemMatch") -> None:
    from app.cli.output import print_line, shown

    taken = f"{match.source} {match.external_id}" if match.source is not None else match.reason
    print_line(
        f"{match.title} ({shown(match.year)}), {match.kind}: {match.state or 'not looked for yet'}, {shown(taken)}"
    )
    if match.locked:
        print_line(f"locked: {', '.join(match.locked)}")


def _list(candidates: "Iterable[MatchCandidate]") -> None:
    from app.cli.output import print_table

    rows = (
        (one.source, one.external_id, f"{one.score:.2f}", one.title, one.year, one.artist, "; ".join(one.reasons))
        for one in candidates
    )
    print_table(("SOURCE", "ID", "SCORE", "TITLE", "YEAR", "BY", "AGAINST IT"), rows)
