"""Finding items by words: every word must begin a word of one of the item's titles. Pure, but for the expression.

Accents do not matter where the library's sort title is spelt without them; a title in another script matches itself.
No ranking and no tolerance for typing errors: that is another index. All that is found is read before it is sorted, so
a word that most titles share is the dearest: half a second where all of a million items match, 4 ms for a rare one.
"""

import re
import unicodedata

from psycopg import sql

from app.library.models import SEARCH_VECTOR

MAX_WORDS = 16

VECTOR = sql.SQL(SEARCH_VECTOR)
"""The very expression of the index `ix_item_search`: another spelling would not use it."""

_WORD = re.compile(r"[^\W_]+")


def search_query(text: str) -> str:
    """Return the text of a tsquery; empty when there is no word to look for."""
    words = dict.fromkeys(_WORD.findall(text))
    return " & ".join(_either(word) for word in list(words)[:MAX_WORDS])


def _either(word: str) -> str:
    spellings = dict.fromkeys((word.lower(), folded(word)))
    alternatives = " | ".join(f"'{spelling}':*" for spelling in spellings if spelling)
    return f"({alternatives})"


def folded(word: str) -> str:
    """Return the word without case and accents."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
