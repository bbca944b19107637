"""What a font is called, and what it is. Pure. A file may claim anything: names are for showing, content decides."""

import struct

LONGEST_NAME = 100

MOST_TABLES = 512
"""Of one font; honest ones have thirty."""

_BY_CODEC = {"ttf": "font/ttf", "otf": "font/otf"}
_BY_EXTENSION = {"ttf": "font/ttf", "otf": "font/otf", "ttc": "font/collection", "otc": "font/collection",
                 "woff": "font/woff", "woff2": "font/woff2"}  # fmt: skip
_BY_TYPE = {
    "application/x-truetype-font": "font/ttf", "application/x-font-ttf": "font/ttf", "font/ttf": "font/ttf",
    "application/x-font": "font/ttf", "font/sfnt": "font/ttf", "application/font-sfnt": "font/ttf",
    "application/x-font-opentype": "font/otf", "application/x-font-otf": "font/otf", "font/otf": "font/otf",
    "application/vnd.ms-opentype": "font/otf", "font/collection": "font/collection",
    "application/font-woff": "font/woff", "font/woff": "font/woff", "font/woff2": "font/woff2",
}  # fmt: skip

_TABLES = {b"\0\1\0\0": "font/ttf", b"true": "font/ttf", b"OTTO": "font/otf"}
_OTHERS = {b"ttcf": "font/collection", b"wOFF": "font/woff", b"wOF2": "font/woff2"}

FONT_TYPES = frozenset({*_TABLES.values(), *_OTHERS.values()})


def claimed_type(codec: str | None, filename: str | None, media_type: str | None) -> str | None:
    """Return what an attachment says it is; None for what is no font."""
    extension = (filename or "").rpartition(".")[2].casefold()
    said = (media_type or "").partition(";")[0].strip().casefold()
    return _BY_EXTENSION.get(extension) or _BY_TYPE.get(said) or _BY_CODEC.get(codec or "")


def shown_name(filename: str | None, index: int) -> str:
    """Return a name without any place in it, for a client that keeps fonts by their names."""
    leaf = (filename or "").replace("\\", "/").rpartition("/")[2]
    plain = "".join(character for character in leaf if character.isprintable()).strip(" .")
    return plain[:LONGEST_NAME] or f"font-{index}"


def type_of(content: bytes) -> str | None:
    """Return what these bytes are: the type of a font, whose list of tables lies within it; else None."""
    if content[:4] in _OTHERS:
        return _OTHERS[content[:4]]
    found = _TABLES.get(content[:4])
    if found is None or len(content) < 12:  # noqa: PLR2004  bytes before the list of tables
        return None
    (count,) = struct.unpack_from(">H", content, 4)
    if not 1 <= count <= MOST_TABLES or len(content) < 12 + 16 * count:
        return None
    tables = (struct.unpack_from(">II", content, 12 + 16 * number + 8) for number in range(count))
    return found if all(begin + length <= len(content) for begin, length in tables) else None
