"""Names as text: readable, comparable, sortable."""

import re
import unicodedata
from functools import lru_cache

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_SOME_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SPACES = re.compile(r"\s+")
_DIGITS = re.compile(r"\d+")
_NOT_WORD = re.compile(r"[\W_]+")
_PUNCTUATION = re.compile(r"[^\w\s]+")
_ARTICLE = re.compile(r"(?:the|an?) +(?=\S)")

LONGEST = 255
"""Bytes of a name on every system we know; what is more is cut, so that time stays bounded even for names nobody can
have."""

SORTED_DIGITS = 6
"""Runs of digits are padded to this in sort keys, so that Rocky 2 comes before Rocky 10. Years have four."""


def decoded(name: bytes) -> str:
    """Return a name as text, whatever its system wrote it in; what is no letter there becomes a replacement sign.

    Disks that were filled over old network shares have names in the alphabet of western Windows, whose letters are no
    UTF-8. A name with some UTF-8 in it is damaged UTF-8: it was cut off, most often.
    """
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("utf-8" if _SOME_UTF8.search(name) else "cp1252", "replace")


def readable(name: bytes) -> str:
    """Return a name as text that every database and page takes: composed, no controls, wrong bytes replaced."""
    text = decoded(name)
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub(" ", unicodedata.normalize("NFC", text))


def clean_text(name: str) -> str:
    """Return a name that may hold what the file system could not decode (PEP 383) as text that can be encoded."""
    if name.isascii() and name.isprintable():
        return name
    return readable(name.encode("utf-8", "replace"))


def squeeze(text: str) -> str:
    """Collapse white space and drop separators from both ends; brackets that lost their partner go too."""
    return _SPACES.sub(" ", text).strip(" -_,;–—")


def unaccented(text: str) -> str:
    text = text.casefold()
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=4_096)  # one title is compared with several, and every song of an album names it again
def title_key(title: str) -> str:
    """Return what two spellings of one title share: no case, accents, punctuation or spaces."""
    plain = unaccented(title).replace("&", "and")
    return _NOT_WORD.sub("", plain) or plain


@lru_cache(maxsize=4_096)
def sort_key(title: str) -> str:
    """Return what a list is ordered by, bytewise: no case, no accents, no leading article, numbers by value."""
    plain = unaccented(title)
    if (article := _ARTICLE.match(plain)) is not None:
        plain = plain[article.end() :]
    plain = _SPACES.sub(" ", _PUNCTUATION.sub("", plain)).strip() or plain
    return _DIGITS.sub(lambda run: run[0].zfill(SORTED_DIGITS), plain)
