"""A number that nothing marks, and that may as well be a part of the title. Context decides.

In this order: `3of9`, a number between dashes or before brackets, one at the beginning (in a series' folder), one in
brackets of its own, one after a dash, `Part 2`, `117` as the scene wrote, one at the end, one between words.
"""

import re
from dataclasses import dataclass

from app.library.naming import patterns as p
from app.library.naming.numbering.days import EDGE, END
from app.library.naming.numbering.numbers import Numbers, pair
from app.library.naming.seasons import NUMBERS, ROMAN
from app.library.naming.text import title_key

_OF = re.compile(rf"{EDGE}([0-9]{{1,2}})[ ._]?of[ ._]?[0-9]{{1,2}}{END}")
_PART = re.compile(rf"{EDGE}(?:part|pt|teil)[ ._]?([0-9]{{1,2}}|{'|'.join([*NUMBERS, *ROMAN])}){END}")
_TO = r"(?:(?:[-~]| ~ )(?:[0-9]{2,4}-){0,8}([0-9]{1,4}))?"
_DASHED = re.compile(rf"[ ._]-[ ._]{{0,2}}#?([0-9]{{1,4}})(\.[0-9])?(?:v[0-9])?{_TO}(?![^\W_]|\.[0-9])")
_TIGHT = re.compile(r"(?<![0-9])-([0-9]{2,4})(?:v[0-9])?(?=[\[( ]*[\[(]|$)")
_BOXED = re.compile(
    r"[\[{](?:第)?([0-9]{1,4})(?:[-~]([0-9]{1,4}))?(?:v[0-9]| ?end| ?fin|完)?[\]}]|\(([0-9]{2,4})[-~]([0-9]{2,4})\)"
)
_LEADING = re.compile(
    r"([0-9]{1,4})(?:-([0-9]{1,4}))?(?:v[0-9])?(?:(\.[ ._]*|[ ._]*-[ ._]*)(?=[^\W_])|( +)(?=[^\W_])|$)"
)
_TRAILING = re.compile(r"(?:^|[ ._])([0-9]{1,4})(?:v[0-9])?(?: ?[-~] ?([0-9]{1,4}))?[ ._~-]*$")
_INNER = re.compile(r"(?<=[ ._])(0[0-9]|0[0-9]{2}|[0-9]{3})(?:v[0-9])?(?:[ ._]+-)?[ ._]+(?=[^\W\d_])")
_COMPACT = re.compile(r"(?<=[ ._])([0-9]{1,2})([0-9]{2})(?=[ ._-]|$)")
_ERA = re.compile(r"hdtv|pdtv|dsr|dvdrip")
_STOP = re.compile(r"[ ._]*(?:$|[\[({~-])")


@dataclass(slots=True)
class _Head:
    """The part of a name that may hold title and number: without leading groups, up to the first release tag."""

    text: str
    start: int
    end: int
    is_scene: bool
    """No spaces and no leading group: `new.girl.117.hdtv-lol`."""
    title: str

    def is_title(self, end: int) -> bool:
        """Whether a number that ends there belongs to the title the folder has told: Babylon 5."""
        key = title_key(self.text[self.start : end]) if self.title else ""
        return bool(key) and self.title.startswith(key)

    def has_word(self, end: int) -> bool:
        return any(map(str.isalpha, self.text[self.start : end]))


def bare(text: str, *, season: int | None, in_folder: bool, title: str) -> Numbers | None:
    """Read a name without accents and in lower case; `season` and `title` are what its folders say."""
    head = _head(text, title_key(title))
    found = _of(head) or _dashed(head, strong=True) or _leading(head, in_folder=in_folder) or _boxed(head)
    if found is None:
        found = (
            _dashed(head, strong=False) or _in_part(head) or _compact(head, season) or _trailing(head) or _inner(head)
        )
    if found is None and (in_folder or head.start):
        found = _leading(head, in_folder=True, weak=True)
    return found


def _head(text: str, title: str) -> _Head:
    start = 0
    while text.startswith(("[", " "), start) and (group := p.LEADING_GROUP.match(text, start)) is not None:
        after = p.SQUARE_OR_CURLY.sub("", text[group.end() :])
        if group[1].isdigit() or not any(map(str.isalnum, after)):
            break
        start = group.end()
        while text[start : start + 1] in {"_", ".", "-"}:
            start += 1
    end = len(text)
    for tag in p.EPISODE_TAIL.finditer(text, start):
        if any(map(str.isalnum, text[start : tag.start()])):
            end = tag.start()
            break
    return _Head(text, start, end, start == 0 and " " not in text.strip(), title)


def _is_year(number: str) -> bool:
    return len(number) == 4 and p.FIRST_YEAR <= int(number) <= p.LAST_YEAR  # noqa: PLR2004


def _of(head: _Head) -> Numbers | None:
    found = _OF.search(head.text, head.start) if "of" in head.text else None
    return Numbers(found.start(), found.end(), absolute=pair(found[1], None)) if found is not None else None


def _dashed(head: _Head, *, strong: bool) -> Numbers | None:
    for found in _DASHED.finditer(head.text, head.start, head.end):
        at_stop = _STOP.match(head.text, found.end()) is not None or not head.text[found.end() : head.end].strip(" ._")
        if at_stop is not strong or _is_year(found[1]) or head.is_title(found.end(1)):
            continue
        if found[2]:
            return Numbers(found.start(), found.end(), season=0, is_special=True)  # 10.5: between two episodes
        return Numbers(found.start(), found.end(), absolute=pair(found[1], found[3]))
    tight = _TIGHT.search(head.text, head.start, head.end) if strong else None
    if tight is None or _is_year(tight[1]) or not head.has_word(tight.start()) or head.is_title(tight.end(1)):
        return None
    return Numbers(tight.start(), tight.end(), absolute=pair(tight[1], None))


def _leading(head: _Head, *, in_folder: bool, weak: bool = False) -> Numbers | None:
    found = _LEADING.match(head.text, head.start)
    if found is None or _is_year(found[1]) or (found[4] is not None) is not weak or head.is_title(found.end(1)):
        return None
    if not in_folder and len(found[1]) < 2 and head.start == 0:  # noqa: PLR2004  too little to go by
        return None
    return Numbers(found.start(), found.end(), absolute=pair(found[1], found[2]))


def _boxed(head: _Head) -> Numbers | None:
    for found in _BOXED.finditer(head.text, head.start):
        first, last = found[1] or found[3], found[2] or found[4]
        if found.start() > head.start and not _is_year(first):
            return Numbers(found.start(), found.end(), absolute=pair(first, last))
    return None


def _compact(head: _Head, season: int | None) -> Numbers | None:
    """`new.girl.117`: season and episode without anything between, as the scene wrote when it was young."""
    if not head.is_scene:
        return None
    matches = [*_COMPACT.finditer(head.text.replace("_", "."), head.start, head.end)]
    for before, found in reversed([*zip([None, *matches], matches, strict=False)]):
        if not _is_compact(head, found) or head.is_title(found.end(2)):
            continue
        if season not in {None, int(found[1])}:
            return None
        first = last = int(found[2])
        start = found.start()
        if before is not None and before.end() + 1 == start and before[1] == found[1] and 0 < int(before[2]) < last:
            first, start = int(before[2]), before.start()
        return Numbers(start, found.end(), season=int(found[1]), first=first, last=last)
    return None


def _is_compact(head: _Head, found: re.Match[str]) -> bool:
    """Four digits only with a nought before, or from the days of television: One.Piece.1001 is none."""
    if int(found[1]) == 0 or int(found[2]) == 0:
        return False
    if len(found[1]) == 1 or found[1][0] == "0":
        return True
    return not _is_year(found[0]) and _ERA.search(head.text, found.end()) is not None


def _trailing(head: _Head) -> Numbers | None:
    end = head.end
    while (group := p.TRAILING_GROUP.search(head.text, head.start, end)) is not None:
        end = group.start()
    end = head.start + len(head.text[head.start : end].rstrip(" ._-([{"))
    found = _TRAILING.search(head.text, head.start, end)
    if found is None or _is_year(found[1]) or head.is_title(found.end(1)):
        return None
    return Numbers(found.start(1), found.end(), absolute=pair(found[1], found[2]))


def _inner(head: _Head) -> Numbers | None:
    for found in _INNER.finditer(head.text, head.start, head.end):
        if not head.is_title(found.end(1)) and head.has_word(found.start()):
            return Numbers(found.start(), found.end(), absolute=pair(found[1], None))
    return None


def _in_part(head: _Head) -> Numbers | None:
    found = _PART.search(head.text, head.start) if "p" in head.text or "teil" in head.text else None
    if found is None:
        return None
    number = int(found[1]) if found[1].isdigit() else NUMBERS.get(found[1]) or ROMAN[found[1]]
    return Numbers(found.start(), found.end(), absolute=(number, number))
