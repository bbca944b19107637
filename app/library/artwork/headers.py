"""The first bytes of a picture → what it is and how large. Pure, total, and never decodes a pixel.

By content, because a name proves nothing; by a list of five formats, because those are what every browser shows and
none of them can hold a script. SVG is not among them, whatever it is called.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

HEAD_BYTES = 512 * 1024
"""Read of a picture to know it. A JPEG's size stands behind its metadata, which may hold a thumbnail and a profile."""

MAX_PIXELS = 200_000_000
"""More than any poster (a scan at 600 dpi has 35 million), less than what costs a decoder all memory."""

MAX_SIDE = 32_768

JPEG, PNG, WEBP, GIF, AVIF = "image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"


@dataclass(frozen=True, slots=True)
class Picture:
    media_type: str
    width: int
    height: int


def picture_of(head: bytes) -> Picture | None:
    """Return what picture begins with these bytes; None for none that we show, or one of impossible size."""
    for media_type, size_of in _FORMATS:
        size = size_of(head)
        if size is not None:
            width, height = size
            is_possible = 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS
            return Picture(media_type, width, height) if is_possible else None
    return None


_Size = tuple[int, int]


def _png(head: bytes) -> _Size | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n") or head[12:16] != b"IHDR" or len(head) < 24:  # noqa: PLR2004  its end
        return None
    return _big(head[16:20]), _big(head[20:24])


def _gif(head: bytes) -> _Size | None:
    if not head.startswith((b"GIF87a", b"GIF89a")) or len(head) < 10:  # noqa: PLR2004  the header's end
        return None
    return _little(head[6:8]), _little(head[8:10])


_SIZED = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of a JPEG that begin a frame. The three are tables and reserved."""

_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""


def _jpeg(head: bytes) -> _Size | None:
    if not head.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004  every marker's first byte
        marker = head[at + 1]
        if marker == 0xFF:  # noqa: PLR2004  padding
            at += 1
        elif marker in _SIZED:
            return _big(head[at + 7 : at + 9]), _big(head[at + 5 : at + 7])
        elif marker in _BARE:
            at += 2
        else:
            at += 2 + max(2, _big(head[at + 2 : at + 4]))
    return None


def _webp(head: bytes) -> _Size | None:
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:  # noqa: PLR2004  the longest of the headers
        return None
    match head[12:16]:
        case b"VP8X":
            return _little(head[24:27]) + 1, _little(head[27:30]) + 1
        case b"VP8L" if head[20] == 0x2F:  # noqa: PLR2004  its signature
            bits = _little(head[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 " if head[23:26] == b"\x9d\x01\x2a":
            return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF
    return None


def _avif(head: bytes) -> _Size | None:
    brands = head[8 : min(_big(head[:4]), 256)] if head[4:8] == b"ftyp" else b""
    if b"avif" not in brands and b"avis" not in brands:
        return None
    sizes = [
        (_big(box[4:8]), _big(box[8:12]))
        for meta in _boxes(head, b"meta")
        for properties in _boxes(meta[4:], b"iprp")
        for container in _boxes(properties, b"ipco")
        for box in _boxes(container, b"ispe")
        if len(box) >= 12  # noqa: PLR2004  version and flags, width, height
    ]
    # The picture itself is the largest; beside it may stand its tiles, a thumbnail and its transparency.
    return max(sizes, key=lambda size: size[0] * size[1]) if sizes else None


def _boxes(data: bytes, kind: bytes) -> Iterator[bytes]:
    """Yield the contents of the boxes of this kind, one level deep."""
    at = 0
    while at + 8 <= len(data):
        length = _big(data[at : at + 4])
        if length < 8:  # noqa: PLR2004  shorter than its own head: to the end, or 64 bits long, or nonsense
            return
        if data[at + 4 : at + 8] == kind:
            yield data[at + 8 : at + length]
        at += length


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


_FORMATS: tuple[tuple[str, Callable[[bytes], _Size | None]], ...] = (
    (JPEG, _jpeg),
    (PNG, _png),
    (WEBP, _webp),
    (GIF, _gif),
    (AVIF, _avif),
)
