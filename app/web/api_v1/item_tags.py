"""The ETag of an item: of what it is, and beside that of what the viewer has seen of it."""

import msgspec

from app.catalog.views import Item, UserState
from app.web.answers import encoded
from app.web.conditions import entity_tag


def without_viewer(item: Item) -> Item:
    return msgspec.structs.replace(item, user=UserState())


def etag_of(item: Item) -> str:
    return entity_tag(encoded(without_viewer(item)), encoded(item.user))
