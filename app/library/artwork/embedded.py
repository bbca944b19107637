"""Pictures inside media files, as probing found them: noted as pictures of the file, in the probe's own transaction.

Of whose item they show something is asked when somebody looks (the catalogue): a song's cover is also its album's, and
moves with the song when its tags do.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.db.tx import Tx
from app.ids import uuid7
from app.library.artwork.headers import MAX_PIXELS, MAX_SIDE
from app.library.kinds import ImageRole
from app.library.naming import parse_side_file
from app.library.repository import images

_SHOWN = frozenset({"mjpeg", "png", "webp", "gif", "av1"})
"""FFmpeg's names of what browsers show. Whether it is one of them in truth is seen when it is sent."""

_KINDS = {
    "cover (front)": (ImageRole.POSTER, 0),
    "other": (ImageRole.POSTER, 1),
    "media (e.g. label side of cd)": (ImageRole.DISC, 0),
    "band/artist logotype": (ImageRole.LOGO, 0),
    "cover (back)": (ImageRole.POSTER, 20),
    "leaflet page": (ImageRole.POSTER, 21),
}
"""Kinds of ID3 and FLAC, as FFmpeg says them. All others are pictures of people and places: the last choice."""

_MATROSKA = {"cover_land": ImageRole.THUMB, "small_cover_land": ImageRole.THUMB}
"""Names of attachments that Matroska itself gives a meaning; `cover` is a poster."""

MOST = 50


class EmbeddedPictures:
    """Listens to what is analysed."""

    async def media_analyzed(self, tx: Tx, file_ids: Sequence[UUID]) -> None:
        """Note the pictures in these files, in place of those that were in them before."""
        found = await images.pictures_of_files(tx, file_ids)
        rows = [row for file_id, pictures in found.items() for row in _rows(file_id, pictures)]
        await images.put_embedded(tx, file_ids, rows)


def _rows(file_id: UUID, pictures: Sequence[Mapping[str, Any]]) -> list[images.EmbeddedRow]:
    rows: list[images.EmbeddedRow] = []
    for picture in pictures[:MOST]:
        width, height = picture.get("width") or 0, picture.get("height") or 0
        if picture.get("codec") in _SHOWN and max(width, height) <= MAX_SIDE and width * height <= MAX_PIXELS:
            role, place = _role(picture)
            index = picture["index"]
            rows.append(
                images.EmbeddedRow(
                    uuid7(), file_id, role.value, index, place * 100 + len(rows), width or None, height or None
                )
            )
    return rows


def _role(picture: Mapping[str, Any]) -> tuple[ImageRole, int]:
    kind = (picture.get("kind") or "").casefold()
    if kind in _KINDS:
        return _KINDS[kind]
    stem = (picture.get("title") or "").rpartition(".")[0].casefold()
    if stem in _MATROSKA:
        return _MATROSKA[stem], 0
    parsed = parse_side_file(picture.get("title") or "", ()) if stem else None
    if parsed is not None and parsed.role is not None and parsed.role.value in set(ImageRole):
        return ImageRole(parsed.role.value), 0
    return ImageRole.POSTER, 30 if kind else 2
