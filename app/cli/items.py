"""`revenge items`: what there is to watch."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from app.catalog.views import Item


async def items(
    *,
    library: Annotated[str | None, Parameter(help="Only of this library: its name or its id.")] = None,
    kind: Annotated[str | None, Parameter(help="Only of this kind: movie, series, album …")] = None,
    search: Annotated[str | None, Parameter(name=("--search", "-q"), help="Only with these words in a title.")] = None,
    sort: Annotated[str | None, Parameter(help="title, added or year; with - before it, the other way round.")] = None,
    limit: Annotated[int, Parameter(help="How many at most, 1 to 500; 50 unless told otherwise.")] = 50,
    cursor: Annotated[str | None, Parameter(help="Where the last listing ended.")] = None,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """List what there is to watch. What has gone missing stays listed."""
    from app.accounts.viewer import LOCAL_ADMINISTRATOR
    from app.catalog.browse import ItemQuery
    from app.cli.library import find
    from app.cli.output import print_json, print_note, print_table

    async with session.application() as app:
        library_id = None if library is None else (await find(app, library)).id
        query = ItemQuery(library_id=library_id, kind=kind, q=search, sort=sort, limit=limit, cursor=cursor)
        page = await app.catalog.items(LOCAL_ADMINISTRATOR, query)
    if json:
        print_json(page)
        return
    print_table(("ID", "TITLE", "YEAR", "KIND", "STATE", "LENGTH", "VIDEO", "FILES"), map(_row, page.items))
    if page.next_cursor is not None:
        print_note(f"there are more: --cursor {page.next_cursor}")


def _row(item: "Item") -> tuple[object, ...]:
    from app.cli.output import duration

    main = next((file for file in item.files if file.role == "main"), None)
    video = next((stream for stream in main.streams if stream.kind == "video"), None) if main else None
    picture = None if video is None else f"{video.codec or '?'} {video.width or '?'}x{video.height or '?'}"
    length = duration(main.duration_ms) if main else None
    return (item.id, item.title, item.year, item.kind, item.state, length, picture, len(item.files))
