"""An episode without its season, marked as one: E05, Episode 5, Folge 5, #5, 第5話, OVA 2."""

import re

from app.library.naming.numbering.days import EDGE, END, day_after
from app.library.naming.numbering.numbers import EPISODE_WORDS, Numbers, continued, pair

_WORDED = re.compile(
    rf"{EDGE}(?:(?:{EPISODE_WORDS})(?:[ ._-]{{0,3}}|\.)|e|#)([0-9]{{1,4}})(?:v[0-9])?{END}|#([0-9]{{1,4}}){END}"
)

_WORD_AFTER = re.compile(r"([0-9]{1,4})[ ._]{0,2}(?:bolum|blm|серия|회)" + END)

_CJK = re.compile(r"第?([0-9]{1,4})(?:話|话|集|回)")

_SPECIAL = re.compile(rf"{EDGE}(?:ovas?|oads?|sp|specials?)[ ._-]{{0,3}}([0-9]{{1,3}})(?:v[0-9])?{END}")


def worded(text: str) -> Numbers | None:
    """Return an episode that is marked as one, or a special."""
    may_be_special = "ova" in text or "oad" in text or "sp" in text
    if may_be_special and (special := _SPECIAL.search(text)) is not None and special.start():
        return Numbers(special.start(), special.end(), absolute=pair(special[1], None), is_special=True)
    found = _WORDED.search(text)
    if found is None and not text.isascii():
        found = _CJK.search(text)
    if found is None and ("b" in text or not text.isascii()):
        found = _WORD_AFTER.search(text)
    if found is None:
        return None
    number = found[1] or found[2] if found.re is _WORDED else found[1]
    numbers = continued(text, found.start(), found.end(), None, int(number))
    numbers.aired = day_after(text, numbers.end)
    return numbers
