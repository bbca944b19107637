"""`revenge search`: who searches, and having what is searched made anew."""

from typing import Annotated

from cyclopts import App, Parameter

from app.cli.asking import ask_for_job
from app.cli.session import AsJson, GivenSession


def group() -> App:
    app = App(name="search", help="Search, and look after what searches look into.")
    app.command(find)
    app.command(show)
    app.command(reindex)
    return app


async def find(
    words: str,
    /,
    *,
    limit: Annotated[int, Parameter(help="How many at most, 1 to 100; 20 unless told otherwise.")] = 20,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Find titles, people, artists and years, misspelt or unfinished; the best first.

    Parameters
    ----------
    words
        What to look for.
    """
    from app.catalog.page_views import SearchPage
    from app.cli.items import titled
    from app.cli.output import print_answer, print_table

    async with session.api() as api:
        answer = await api.get("/search", SearchPage, q=words, limit=limit)
    if json:
        print_answer(answer.content)
        return
    rows = ((item.id, titled(item, is_below=False), item.year, item.kind, item.state) for item in answer.value.items)
    print_table(("ID", "TITLE", "YEAR", "KIND", "STATE"), rows)


async def show(*, json: AsJson = False, session: GivenSession) -> None:
    """Show who searches, PostgreSQL or Typesense, and what waits to be found."""
    from app.catalog.page_views import EngineState
    from app.cli.output import print_answer, print_line

    async with session.api() as api:
        answer = await api.get("/search/engine", EngineState)
    if json:
        print_answer(answer.content)
        return
    found = answer.value
    print_line(f"{found.engine}: {found.documents} items, {found.waiting} changes wait")
    if found.collection is not None:
        print_line(f"collection {found.collection}")
    if found.building is not None:
        print_line(f"being filled: {found.building}")
    if found.problem is not None:
        print_line(f"Typesense is not asked: {found.problem}")


async def reindex(*, json: AsJson = False, session: GivenSession) -> None:
    """Have all that searches look into made anew. What there is is searched meanwhile."""
    async with session.api() as api:
        await ask_for_job(api, "POST", "/search/reindex", json=json)
