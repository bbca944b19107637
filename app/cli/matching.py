"""`revenge metadata`, one item: what it was taken for, what it is, what of it stays as it is."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from cyclopts import Parameter

from app.cli.asking import ask_for_job
from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.cli.api import Api
    from app.web.api_v1.metadata_view import ItemMatch, MatchCandidate


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
        await ask_for_job(api, "PUT", f"/items/{item}/match", body, json=json)


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
        await ask_for_job(api, "POST", f"/items/{item}/match/retry", json=json)


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
        await ask_for_job(api, "PUT", f"/items/{item}/episode-order", {"order": order}, json=json)


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
