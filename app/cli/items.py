"""`revenge items`: what there is to watch."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from cyclopts import Parameter

from app.cli.named import find_library
from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.catalog.page_views import ItemTreePage
    from app.catalog.views import Item
    from app.cli.api import Answer, Api

TOPMOST = ("movie", "series", "artist")


async def items(
    *,
    library: Annotated[str | None, Parameter(help="Only of this library: its name or its id.")] = None,
    kind: Annotated[str | None, Parameter(help="Only of this kind: movie, series, album …")] = None,
    search: Annotated[str | None, Parameter(name=("--search", "-q"), help="Only with these words in a title.")] = None,
    sort: Annotated[str | None, Parameter(help="title, added or year; with - before it, the other way round.")] = None,
    limit: Annotated[int, Parameter(help="How many at most, 1 to 500 (trees 100); 50 unless told otherwise.")] = 50,
    cursor: Annotated[str | None, Parameter(help="Where the last listing ended.")] = None,
    parent: Annotated[UUID | None, Parameter(help="Only what is right below this item.")] = None,
    artist: Annotated[UUID | None, Parameter(help="Only what this artist is credited with.")] = None,
    genre: Annotated[list[str] | None, Parameter(help="Only of this genre, or of any of several.")] = None,
    year: Annotated[int | None, Parameter(help="Only of this year.")] = None,
    missing: Annotated[bool | None, Parameter(help="Only what none of its files is there of.")] = None,
    unmatched: Annotated[bool | None, Parameter(help="Only what no source is known to have an id for.")] = None,
    tree: Annotated[
        bool, Parameter(help="With all that is below: seasons and episodes, albums and tracks.", negative="")
    ] = False,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """List what there is to watch and to hear. What has gone missing stays listed.

    A tree begins with films, series and artists, unless a kind or a parent is named; its limit counts those alone.
    """
    from app.catalog.page_views import ItemPage
    from app.cli.output import print_answer, print_note, print_table

    async with session.api() as api:
        query = {
            "library_id": None if library is None else str((await find_library(api, library)).id),
            "kind": kind,
            "parent_id": None if parent is None else str(parent),
            "artist_id": None if artist is None else str(artist),
            "genre": genre,
            "year": year,
            "missing": missing,
            "unmatched": unmatched,
            "q": search,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
        }
        answer: Answer[ItemPage] | Answer[ItemTreePage]
        answer = await (_tree(api, query) if tree else api.get("/items", ItemPage, **query))
    if json:
        print_answer(answer.content)
        return
    print_table(
        ("ID", "TITLE", "YEAR", "KIND", "STATE", "LENGTH", "VIDEO", "FILES"),
        (_row(item, depth) for item, depth in _walk(answer.value.items)),
    )
    if answer.value.next_cursor is not None:
        print_note(f"there are more: --cursor {answer.value.next_cursor}")


async def _tree(api: "Api", query: "dict[str, Any]") -> "Answer[ItemTreePage]":
    """Return the topmost items with all below them: of every kind that can be topmost, if none is named."""
    import msgspec

    from app.catalog.page_views import ItemTreePage
    from app.cli.api import Answer

    if any(query[name] for name in ("kind", "parent_id", "artist_id", "q", "cursor")):
        return await api.get("/items/tree", ItemTreePage, **query)
    found = [(await api.get("/items/tree", ItemTreePage, **query | {"kind": kind})).value for kind in TOPMOST]
    if any(page.next_cursor for page in found):
        from app.cli.output import print_note

        print_note("there are more: name a --kind, and raise --limit")
    whole = ItemTreePage(items=[item for page in found for item in page.items], next_cursor=None)
    return Answer(whole, msgspec.json.encode(whole))


def _walk(items: "Iterable[Item]", depth: int = 0) -> "Iterator[tuple[Item, int]]":
    for item in items:
        yield item, depth
        yield from _walk(getattr(item, "children", ()), depth + 1)


def _row(item: "Item", depth: int) -> tuple[object, ...]:
    from app.cli.output import duration

    mains = [file for file in item.files if file.role == "main"]
    main = next((file for file in mains if file.container is not None), mains[0] if mains else None)
    video = next((stream for stream in main.streams if stream.kind == "video"), None) if main else None
    picture = None if video is None else f"{video.codec or '?'} {video.width or '?'}x{video.height or '?'}"
    length = duration(main.duration_ms) if main else None
    title = "  " * depth + titled(item, is_below=depth > 0)
    return (item.id, title, item.year, item.kind, item.state, length, picture, len(item.files))


def titled(item: "Item", *, is_below: bool) -> str:
    """Name an item so that it is known by itself: `Dark S01E02 Secrets`; below its series the series is left out."""
    number = _number(item)
    if item.kind in {"season", "episode"} and not is_below and item.series_title:
        number = f"{item.series_title} {number}".strip()
    if item.kind in {"album", "track"} and not is_below and item.artists:
        number = f"{''.join(credit.name + credit.joinphrase for credit in item.artists)}: {number}".strip()
    return f"{number} {item.title}".strip()


def _number(item: "Item") -> str:
    if item.kind == "episode":
        season = "" if item.season_number is None else f"S{item.season_number:02}"
        return season + ("" if item.number is None else f"E{item.number:02}")
    if item.kind == "track" and item.number is not None:
        return f"{item.number:02}" if item.disc_number is None else f"{item.disc_number}-{item.number:02}"
    return ""
