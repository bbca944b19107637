"""Listings that are longer than a page: asked for page by page, shown as one."""

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cyclopts import Parameter

if TYPE_CHECKING:
    from app.cli.api import Answer, Api

T = TypeVar("T")

PAGE = 500
"""What the API gives at once."""

SHOWN = 50
"""What a person is shown who named no number."""

Limit = Annotated[
    int | None, Parameter(help=f"How many at most; {SHOWN} unless told otherwise, with --json all there are.")
]
Cursor = Annotated[str | None, Parameter(help="Where the last listing ended.")]


async def pages(
    api: "Api", path: str, shape: type[T], rows: str, *, limit: int | None, json: bool, **query: Any
) -> "Answer[T]":
    """Return one page made of as many as it takes, with the last one's `next_cursor`; `rows` is the list's name.

    Raises:
        As `Api.get` does.
    """
    import msgspec

    from app.cli.api import Answer

    most = limit if limit is not None or json else SHOWN
    found: list[msgspec.Raw] = []
    while True:
        query["limit"] = PAGE if most is None else min(PAGE, most - len(found))
        answer = await api.get(path, shape, **query)
        page = msgspec.json.decode(answer.content, type=dict[str, msgspec.Raw])
        found += msgspec.json.decode(page[rows], type=list[msgspec.Raw])
        query["cursor"] = msgspec.json.decode(page["next_cursor"])
        if query["cursor"] is None or len(found) == most:
            break
    whole = msgspec.json.encode({**page, rows: found})
    return Answer(msgspec.json.decode(whole, type=shape), whole)
