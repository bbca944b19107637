"""A search as Typesense wants it asked. Pure.

Who asks is part of the question: libraries and age are filters, so that what is not for them takes no place among the
best. What comes back is looked up in the catalogue all the same, which asks again who may see it.
"""

from typing import Any

from app.accounts.viewer import Viewer
from app.catalog.index.folding import is_unspaced
from app.catalog.index.spelling import LONG, SHORTEST
from app.catalog.permission import UNRATED
from app.catalog.postgres_search import ENOUGH, looked_for
from app.catalog.searching import SearchQuery


def question(viewer: Viewer, asked: SearchQuery, collection: str) -> dict[str, Any] | None:
    """Return one search of `multi_search`; None where nothing can be found: no word, or no library."""
    typed = looked_for(asked.q)
    if not typed or (viewer.libraries is not None and not viewer.libraries):
        return None
    found = {
        "collection": collection,
        "q": " ".join(typed),
        "query_by": "titles,words",
        "query_by_weights": "2,1",
        "sort_by": "_text_match:desc,popularity:desc,rank:asc",
        "prefix": asked.q[-1].isalnum() and not is_unspaced(asked.q[-1]),
        "num_typos": 2,
        "min_len_1typo": SHORTEST,
        "min_len_2typo": LONG,
        "typo_tokens_threshold": ENOUGH,
        "drop_tokens_threshold": 0,
        "prioritize_token_position": True,
        "per_page": asked.limit,
        "include_fields": "id",
        "highlight_fields": "none",
    }
    conditions = _conditions(viewer, asked)
    return {**found, "filter_by": " && ".join(conditions)} if conditions else found


def _conditions(viewer: Viewer, asked: SearchQuery) -> list[str]:
    conditions = []
    if viewer.libraries is not None:
        conditions.append(f"library_id:=[{','.join(sorted(one.hex for one in viewer.libraries))}]")
    if asked.library_id is not None:
        conditions.append(f"library_id:={asked.library_id.hex}")
    if asked.kind is not None:
        conditions.append(f"kind:={asked.kind}")
    if viewer.max_age is not None:
        conditions += [f"min_age:<={viewer.max_age}", f"min_age:>={UNRATED if viewer.allow_unrated else 0}"]
    return conditions
