"""Finding items by words: every word must begin a word of one of the item's titles. Pure, but for the expression.

Accents do not matter where the library's sort title is spelt without them; a title in another script matches itself.
No ranking and no tolerance for typing errors: that is another index.
"""

import re
import unicodedata

from psycopg import sql

MAX_WORDS = 16

VECTOR = sql.SQL(
    "to_tsvector('simple'::regconfig, translate("
    "(item.title || ' '::text || item.sort_title || ' '::text || coalesce(item.original_title, ''::text)), "
    "'./@:_'::text, '     '::text))"
)
"""As the index `ix_item_search` has it, to the letter: another spelling would not use it.

Some signs become spaces first: PostgreSQL takes `Mr.Robot` for the name of a host, and keeps it in one piece.
"""

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
