"""Does a file end before its own header says? Demuxers do not mind, so a half-copied film would look whole.

Reads a few headers of Matroska, MP4 and RIFF; of every other format it knows nothing and says so by 0.
"""

from app.library.probing.reading import CountedFile

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT = b"\x18\x53\x80\x67"
_MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"sidx"})
MAX_BOXES = 1_000
"""Top-level boxes looked at; a fragmented file has thousands, and the last of those read is checked."""


def missing_bytes(source: CountedFile, size: int) -> int:
    """Return how many bytes the file's header promises beyond its end; 0 if none, or if that cannot be said."""
    head = source.header(0, 16)
    if head.startswith(_EBML):
        end = _matroska_end(source)
    elif head[4:8] in _MP4_BOXES:
        end = _mp4_end(source, size)
    elif head.startswith(b"RIFF"):
        # Some writers leave 0 or all ones for a size they did not know yet.
        length = int.from_bytes(head[4:8], "little")
        end = 8 + length if 0 < length < 0xFFFF_FFFF else 0  # noqa: PLR2004
    else:
        end = 0
    return max(end - size, 0)


def _matroska_end(source: CountedFile) -> int:
    length, after = _vint(source.header(4, 8))
    if length is None:
        return 0
    segment = 4 + after + length
    if source.header(segment, 4) != _SEGMENT:
        return 0
    content, after = _vint(source.header(segment + 4, 8))
    return 0 if content is None else segment + 4 + after + content


def _vint(data: bytes) -> tuple[int | None, int]:
    """Return an EBML length and its own bytes; None for `unknown`, which live recordings have."""
    if not data or data[0] == 0:
        return None, 0
    width = 9 - data[0].bit_length()
    if len(data) < width:
        return None, 0
    value = int.from_bytes(data[:width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), width


def _mp4_end(source: CountedFile, size: int) -> int:
    at = 0
    for _ in range(MAX_BOXES):
        header = source.header(at, 16)
        if len(header) < 8:  # noqa: PLR2004  a box begins with length and type
            return at if not header else at + 8
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length == 0:
            return 0  # to the end of the file, wherever that is
        if length < 8:  # noqa: PLR2004
            return 0
        at += length
        if at >= size:
            return at
    return 0
