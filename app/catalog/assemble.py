"""Rows into views. Pure: what belongs to what, in the order of the rows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from app.catalog.views import Chapter, File, FileDetail, Item, Stream
from app.library.kinds import FileState
from app.library.paths import join
from app.library.records import FileLocation

Row = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def items(order: Sequence[UUID], items: Sequence[Row], files: Sequence[Row], streams: Sequence[Row]) -> list[Item]:
    files_of = _grouped(files, "item_id")
    streams_of = _grouped(streams, "file_id")
    by_id = {row["id"]: row for row in items}
    return [
        Item(**row, files=[_file(file, streams_of) for file in files_of.get(item_id, ())])
        for item_id in order
        if (row := by_id.get(item_id)) is not None
    ]


def _file(row: Row, streams_of: Mapping[UUID, Sequence[Row]]) -> File:
    fields = {name: row[name] for name in File.__struct_fields__ if name != "streams"}
    return File(**fields, streams=_streams(streams_of.get(row["id"], ())))


def _streams(rows: Sequence[Row]) -> list[Stream]:
    return [Stream(**{name: row[name] for name in Stream.__struct_fields__}) for row in rows]


def _grouped(rows: Sequence[Row], column: str) -> dict[UUID, list[Row]]:
    """Group rows that come in the order of that column."""
    return {key: list(group) for key, group in groupby(rows, key=itemgetter(column))}


def file_detail(row: Row, streams: Sequence[Row], chapters: Sequence[Row]) -> FileDetail:
    made = {"modified_at", "tags", "pictures", "streams", "chapters"}
    fields = {name: row[name] for name in FileDetail.__struct_fields__ if name not in made}
    return FileDetail(
        **fields,
        modified_at=_time(row["mtime_ns"]),
        tags=row["tags"] or {},
        pictures=row["pictures"] or [],
        streams=_streams(streams),
        chapters=[Chapter(**chapter) for chapter in chapters],
    )


def _time(nanoseconds: int) -> datetime | None:
    """Read an mtime. Disks hold times beyond the years 1 to 9999 that a date can say."""
    try:
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None


def file_location(row: Row) -> FileLocation:
    return FileLocation(
        file_id=row["id"],
        library_id=row["library_id"],
        root=row["root_path"],
        path=join(row["folder_path"], row["name"]),
        display_path=row["display_path"],
        state=FileState(row["state"]),
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        container=row["container"],
    )
