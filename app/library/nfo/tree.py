"""Text → the elements in it, by the standard library's expat with everything off that reads anything else.

The text is wrapped into an element of ours. So several roots in one file are just children, a URL before or after
them is just text, and a document type declaration, which would have to come first, is a syntax error by construction:
there are no entities but XML's own five. What cannot be read ends the reading; what was read until then stays.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5
from xml.parsers import expat

MAX_DEPTH = 24
"""Nested elements. Kodi's deepest, a stream's detail, is at 5."""

MAX_ELEMENTS = 20_000
MAX_TEXT = 64 * 1024
"""Characters of one element's text; the rest is cut."""

_DECLARATION = re.compile(r"<\?xml[^>]{0,500}\?>", re.IGNORECASE)
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)(?:([A-Za-z][A-Za-z0-9]{1,31};))?")
_NUMERIC = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}));")


class Refused(Exception):
    """The document asks for more than a description of a film ever would."""


@dataclass(slots=True)
class Element:
    tag: str
    """In lower case."""
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    """Its own, before and between its children."""
    children: list["Element"] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator["Element"]:
        return (child for child in self.children if child.tag in tags)

    def first(self, *tags: str) -> "Element | None":
        """Return the first child of the first of these tags that there is."""
        return next((child for tag in tags for child in self.all(tag)), None)


@dataclass(slots=True)
class Tree:
    roots: list[Element]
    loose: str
    """Text beside the roots: where the URLs are."""
    problem: str | None = None


def parse(text: str) -> Tree:
    """Read a text. Never raises; what is wrong with it is in `problem`."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    for name in ("StartDoctypeDeclHandler", "EntityDeclHandler", "UnparsedEntityDeclHandler"):
        setattr(parser, name, _refuse)
    parser.ExternalEntityRefHandler = _refuse
    problem = None
    try:
        parser.Parse("<nfo>" + _clean(text) + "</nfo>", True)
    except expat.ExpatError as err:
        problem = str(err)
    except Refused as err:
        problem = str(err)
    return Tree(builder.top.children, builder.top.text, problem)


def _refuse(*_: object) -> int:
    raise Refused("declarations are not read")


def _clean(text: str) -> str:
    """Make what people and tools write into something that XML takes: stray `&`, HTML's names for letters."""
    text = _DECLARATION.sub("", text)
    if "&" not in text:
        return text
    return _AMPERSAND.sub(_letter, _NUMERIC.sub(_legal, text))


def _letter(match: re.Match[str]) -> str:
    name = match[1]
    letter = html5.get(name, "") if name else ""
    return letter if letter and not set(letter) & set("<>&") else "&amp;" + (name or "")


def _legal(match: re.Match[str]) -> str:
    """Drop references to characters that XML may not hold."""
    number = int(match[1], 16) if match[1] else int(match[2])
    is_control = number < ord(" ") and number not in (9, 10, 13)
    is_legal = not is_control and number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF and number & 0xFFFE != 0xFFFE  # noqa: PLR2004  Unicode's own limits
    return match[0] if is_legal else ""


class _Builder:
    def __init__(self) -> None:
        self.top = Element("nfo")
        self._open: list[Element] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._open:
            self._open.append(self.top)
            return
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise Refused("more, or deeper, than a description ever is")
        element = Element(tag.lower(), {name.lower(): value[:MAX_TEXT] for name, value in attributes.items()})
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        element = self._open[-1]
        if (room := MAX_TEXT - len(element.text)) > 0:
            element.text += text[:room]
