"""Bytes of a small text file → text, whatever its encoding, without asking what it claims more than needed.

Never fails: what is no text in any encoding we try becomes replacement signs.
"""

import codecs
import re

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")

_UNLIKELY_IN_XML = frozenset({"utf-16", "utf-32", "utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape"})
"""Claims that are wrong when there is no byte order mark, and codecs that are no encodings of documents."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML may not hold, and PostgreSQL's text partly neither."""


def decode(content: bytes) -> str:
    """Return the text: by its byte order mark, as UTF-8, as it declares itself, or as Western Europe's old encoding."""
    return _ILLEGAL.sub("", _decode(content)).replace("\r\n", "\n").replace("\r", "\n")


def _decode(content: bytes) -> str:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    if (pairs := wide(content)) is not None:
        return content.decode(pairs, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode(_declared(content) or "cp1252", "replace")


def wide(content: bytes) -> str | None:
    """Recognise UTF-16 without a mark by the zeros in its first letters, which all documents have in ASCII."""
    head = content[:64]
    if len(head) < 4:  # noqa: PLR2004  two letters
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(head) // 4 and not odd else None


def _declared(content: bytes) -> str | None:
    claim = _DECLARED.search(content[:400])
    if claim is None:
        return None
    try:
        codec = codecs.lookup(claim[1].decode("ascii"))
    except LookupError:
        return None
    is_text = getattr(codec, "_is_text_encoding", True)  # `rot13` and `zlib` are codecs too
    # What declares itself UTF-8 has just been shown not to be.
    return codec.name if is_text and codec.name not in _UNLIKELY_IN_XML | {"utf-8"} else None
