"""Editing what is known of an item, for administrators."""

from typing import Annotated, Any

import msgspec
from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from app.accounts.audit import record
from app.catalog.browse import Catalog
from app.catalog.views import Item
from app.db.tx import Transactions
from app.library.editing import LOCKABLE, ItemEdit, ItemEditor
from app.library.kinds import LabelKind
from app.web.answers import documented, encoded, tagged
from app.web.api_v1.item_tags import etag_of, without_viewer
from app.web.api_v1.parameters import A_NUMBER, Day, IfMatch, ItemId, Strict, Text, described
from app.web.auth import Administrator, CurrentActor
from app.web.conditions import entity_tag, require_match

router = APIRouter(prefix="/api/v1/items", tags=["items"], route_class=DishkaRoute, default_response_class=Response)

Line = Annotated[Text, Field(min_length=1, max_length=500)]
Prose = Annotated[Text, Field(min_length=1, max_length=20_000)]
Word = Annotated[Text, Field(min_length=1, max_length=100)]
Words = Annotated[list[Word], Field(max_length=100)]
ByCountry = Annotated[
    dict[Annotated[Text, Field(max_length=40)], Word], Field(max_length=50), described(additionalProperties=False)
]

LABELS = {
    "genres": LabelKind.GENRE, "tags": LabelKind.TAG, "studios": LabelKind.STUDIO, "countries": LabelKind.COUNTRY,
    "styles": LabelKind.STYLE, "moods": LabelKind.MOOD,
}  # fmt: skip
FACTS = ("title", "sort_title", "original_title", "year", "released_on")
TEXTS = ("plot", "outline", "tagline")


class ItemPatch(Strict):
    """What is left out stays as it is. What is said here is shown, whatever files, scans and sources say; null takes it
    back, so that theirs is shown again."""

    title: Line | None = None
    sort_title: Line | None = None
    """What lists are ordered by, where that is not the title."""
    original_title: Line | None = None
    year: Annotated[int, Field(ge=1, le=9999), A_NUMBER] | None = None
    released_on: Day | None = None
    plot: Prose | None = None
    outline: Prose | None = None
    tagline: Line | None = None
    genres: Words | None = None
    tags: Words | None = None
    studios: Words | None = None
    countries: Words | None = None
    styles: Words | None = None
    moods: Words | None = None
    certifications: ByCountry | None = None
    """By country; under an empty name where none is meant. They decide from which age it is."""
    locked: Annotated[list[Annotated[Text, described(enum=list(LOCKABLE))]], Field(max_length=20)] | None = None
    """All that is to stay as it is now, whoever says what: title, sort_title, original_title, year, released_on,
    number, files. An empty list unlocks everything."""

    def edit(self) -> ItemEdit:
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        return ItemEdit(
            facts={name: given[name] for name in FACTS if name in given},
            texts={name: given[name] for name in TEXTS if name in given},
            labels={kind: given[name] for name, kind in LABELS.items() if name in given},
            certifications=given.get("certifications", msgspec.UNSET),
            locked=given.get("locked"),
        )


@router.patch("/{item_id}", responses=documented(Item))
async def change_item(  # noqa: PLR0917  the framework passes them by name
    item_id: ItemId,
    asked: ItemPatch,
    viewer: Administrator,
    actor: CurrentActor,
    editor: FromDishka[ItemEditor],
    catalog: FromDishka[Catalog],
    transactions: FromDishka[Transactions],
    if_match: IfMatch = None,
) -> Response:
    """Say what an item is called and about, or lock what is shown. With `If-Match`, only if nothing of it has changed
    since it was read."""
    edit = asked.edit()
    async with transactions.begin() as tx:
        await editor.lock(tx, item_id)
        before = await catalog.item_tx(tx, viewer, item_id)
        require_match(if_match, entity_tag(encoded(without_viewer(before))))
        await editor.edit(tx, item_id, edit)
        await record(tx, actor, "item.edited", before.title, item_id=str(item_id), fields=edit.fields)
        after = await catalog.item_tx(tx, viewer, item_id)
    return tagged(after, etag=etag_of(after))
