"""`revenge edit`: what a person says of an item, which outranks every source."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from cyclopts import Parameter

from app.cli.session import AsJson, GivenSession

if TYPE_CHECKING:
    from app.catalog.views import Item

Field = Literal[
    "title", "sort_title", "original_title", "year", "released_on", "plot", "outline", "tagline", "genres", "tags",
    "studios", "countries", "styles", "moods", "certifications",
]  # fmt: skip
Words = list[str] | None


async def edit(
    item: UUID,
    /,
    *,
    title: str | None = None,
    sort_title: Annotated[str | None, Parameter(help="What lists are ordered by, where that is not the title.")] = None,
    original_title: str | None = None,
    year: int | None = None,
    released_on: Annotated[date | None, Parameter(help="Such as 1927-01-10.")] = None,
    plot: str | None = None,
    outline: str | None = None,
    tagline: str | None = None,
    genre: Annotated[Words, Parameter(help="All its genres; several times for several. So the others.")] = None,
    tag: Words = None,
    studio: Words = None,
    country: Words = None,
    style: Words = None,
    mood: Words = None,
    certification: Annotated[
        Words, Parameter(help="Of a country, such as DE=FSK 12. They decide from which age it is.")
    ] = None,
    take_back: Annotated[
        list[Field] | None, Parameter(help="Show again what files and sources say in this field. May be given again.")
    ] = None,
    lock: Annotated[
        Words, Parameter(help="Let this field stay as it is now, and no other; may be given again.")
    ] = None,
    unlock: Annotated[bool, Parameter(help="Let nothing stay that was locked.")] = False,
    json: AsJson = False,
    session: GivenSession,
) -> None:
    """Say what an item is called and about; it is shown, whatever files, scans and sources say.

    Parameters
    ----------
    item
        Its id.
    """
    from app.catalog.views import Item
    from app.cli.items import titled
    from app.cli.output import print_answer, print_line
    from app.errors import InvalidInput

    if unlock and lock is not None:
        raise InvalidInput("unlock", "cannot be had together with --lock")
    said: dict[str, object] = {
        "title": title,
        "sort_title": sort_title,
        "original_title": original_title,
        "year": year,
        "released_on": released_on,
        "plot": plot,
        "outline": outline,
        "tagline": tagline,
        "genres": genre,
        "tags": tag,
        "studios": studio,
        "countries": country,
        "styles": style,
        "moods": mood,
        "certifications": None if certification is None else dict(map(_certification, certification)),
        "locked": [] if unlock else lock,
    }
    body = {field: value for field, value in said.items() if value is not None}
    if twice := body.keys() & set(take_back or ()):
        raise InvalidInput("take-back", f"cannot be had together with a new {min(twice)}")
    body |= dict.fromkeys(take_back or (), None)
    if not body:
        raise InvalidInput("", "say what is to be changed; see: revenge edit --help")
    async with session.api() as api:
        answer = await api.send("PATCH", f"/items/{item}", Item, body)
    if json:
        print_answer(answer.content)
    else:
        print_line(f"{titled(answer.value, is_below=False)}{_locked(answer.value)}")


def _certification(text: str) -> tuple[str, str]:
    from app.errors import InvalidInput

    country, equals, value = text.partition("=")
    if not equals or not value.strip():
        raise InvalidInput(
            "certification", f"must name a country and what is said there, as in DE=FSK 12, not {text!r}"
        )
    return country.strip(), value.strip()


def _locked(item: "Item") -> str:
    return f" (locked: {', '.join(item.locked)})" if item.locked else ""
