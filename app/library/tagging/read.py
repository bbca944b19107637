"""A music file → its tags. Runs in a prober's process: mutagen is Python, but a file may keep it busy for ever."""

from collections.abc import Mapping
from typing import Any

import msgspec

from app.library.tagging.fields import Fields, complete
from app.library.tagging.formats import read_plain, reader_for
from app.library.tagging.normalise import normalise
from app.library.tagging.tags import MusicTags

MAX_ENCODED = 400_000
"""Bytes of JSON; a hundred performers and long lyrics stay below a quarter of it."""


def read_tags(source: Any, container: str, codec: str | None, *plain: Mapping[str, str]) -> MusicTags:
    """Return what the tags say. `source` is a binary file; `plain` are FFmpeg's tags, which fill what is left open.

    Never raises but for want of memory: tags that make no sense are tags that say nothing.
    """
    fields, is_slashed = _read(source, container, codec)
    complete(fields, read_plain(*plain))
    return _bounded(normalise(fields, is_slashed=is_slashed))


def _read(source: Any, container: str, codec: str | None) -> tuple[Fields, bool]:
    reader = reader_for(container, codec)
    if reader is None:
        return {}, False
    try:
        source.seek(0)
        return reader(source)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  a hostile tag may raise anything in there, and is about that tag alone
        return {}, False


def _bounded(tags: MusicTags) -> MusicTags:
    for without in ({"lyrics": None, "comment": None}, {"performers": (), "composers": (), "lyricists": ()}):
        if len(msgspec.json.encode(tags)) <= MAX_ENCODED:
            return tags
        tags = msgspec.structs.replace(tags, **without)
    return tags if len(msgspec.json.encode(tags)) <= MAX_ENCODED else MusicTags(title=tags.title, album=tags.album)
