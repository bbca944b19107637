"""Text as it is compared in searches: no case, no accents, one kind of kana, one width. Pure.

Done here and not by PostgreSQL (`unaccent`, `pg_trgm`, its text search parser): those follow the locale that a database
was made with — with `C` they take no letter outside ASCII for one — and need rights that our role may not have.
"""

import re
import unicodedata

_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n",
    "ĸ": "k", "ə": "e", "ʻ": "", "’": "'", "ʼ": "'", "‘": "'", "`": "'", "´": "'",
    "&": " and ", "＆": " and ",
})  # fmt: skip
"""Letters that Unicode does not take apart, and signs that are written for one another."""

_KANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
"""Katakana as hiragana: a title is found in either."""

_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
)
"""Accents and vowel points. Not the marks of kana, Hangul and the scripts of India: there they are letters."""

_RUN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_JOINED = re.compile(r"[^\W_]+(?:[^\w\s]+[^\W_]+)+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
"""Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, Han."""

MAX_WORD = 40
"""Characters of a word that are looked at."""


def folded(text: str) -> str:
    """Return text as it is compared, composed again, so that a syllable of Hangul stays one character."""
    text = text.casefold()
    if text.isascii():
        return text.replace("`", "'").replace("&", " and ") if "&" in text or "`" in text else text
    apart = _MARKS.sub("", unicodedata.normalize("NFKD", text.translate(_LETTERS)))
    return unicodedata.normalize("NFC", apart).casefold().translate(_LETTERS).translate(_KANA)


def key_of(text: str) -> str:
    """Return a title as it is compared as a whole: its words with single spaces between."""
    return " ".join(run.replace("'", "") for run in _runs(folded(text)))


def _runs(text: str) -> list[str]:
    if text.isascii():
        return _RUN.findall(text)
    # A mark that is left belongs to its letter, though `\w` has it otherwise.
    spaced = "".join(
        character if character.isalnum() or character == "'" or unicodedata.category(character)[0] == "M" else " "
        for character in text
    )
    return [run for part in spaced.split() if (run := part.strip("'"))]


def words(text: str) -> list[str]:
    """Return the words of a text, in order: what a document is found by, and what is looked for.

    Of scripts without spaces: every character and every two that stand together.
    """
    found: dict[str, None] = {}
    for run in _runs(folded(text)):
        for piece in _pieces(run.replace("'", "")):
            found[piece] = None
    return list(found)


def _pieces(run: str) -> list[str]:
    if run.isascii() or _UNSPACED.search(run) is None:
        return [run[:MAX_WORD]]
    pieces: list[str] = []
    end = 0
    for match in _UNSPACED.finditer(run):
        pieces += [run[end : match.start()][:MAX_WORD]] if match.start() > end else []
        pieces += grams(match[0])
        end = match.end()
    return pieces + ([run[end:][:MAX_WORD]] if end < len(run) else [])


def grams(text: str) -> list[str]:
    """Return the characters and pairs of a text without spaces. One character asks for itself; more for their pairs."""
    return [*dict.fromkeys(text), *(text[place : place + 2] for place in range(len(text) - 1))]


def is_unspaced(word: str) -> bool:
    return not word.isascii() and _UNSPACED.fullmatch(word) is not None


def joined(text: str) -> list[str]:
    """Return what stands together in a text but for signs between, as one word: spiderman, acdc, mash, 911."""
    if text.isalnum():
        return []
    together = (re.sub(r"[\W_]+", "", match[0]) for match in _JOINED.finditer(folded(text)))
    return [word[:MAX_WORD] for word in dict.fromkeys(together) if word and _UNSPACED.search(word) is None]
