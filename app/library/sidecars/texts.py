"""Subtitles and lyrics → text. Nobody says what they were written in, so their bytes are asked.

Order: a byte order mark, UTF-8, then what the letters look like. Short texts in old encodings are guesses, and a guess
that is wrong shows other letters, never nothing.
"""

from charset_normalizer import from_bytes

from app.library.nfo.decoding import MARKS, wide

SAMPLE = 24 * 1024
"""Bytes that are enough to tell one language's letters from another's; the detection's time grows with them."""

CANDIDATES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "koi8_r",
    "iso8859_2", "iso8859_5", "iso8859_7", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp949",
]  # fmt: skip
"""What subtitles were written in before UTF-8. Fewer candidates are fewer mistakes."""

FALLBACK = "cp1252"


def decode(content: bytes) -> str:
    """Return the text, without its mark, with plain ends of lines. Never fails."""
    return _decode(content).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _decode(content: bytes) -> str:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    if (encoding_of_pairs := wide(content)) is not None:
        return content.decode(encoding_of_pairs, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode(guess(content), "replace")


def guess(content: bytes) -> str:
    """Return what a text that is no UTF-8 seems to be written in."""
    # Cut at the end of a line, so that no letter of two bytes is cut.
    sample = content[:SAMPLE].rpartition(b"\n")[0] or content[:SAMPLE]
    best = from_bytes(sample, cp_isolation=CANDIDATES, explain=False).best()
    return FALLBACK if best is None else best.encoding
