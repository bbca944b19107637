"""Rows into views. Pure: what belongs to what, in the order of the rows."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from app.catalog.file_views import Chapter, FileDetail, ReplayGain, Segment, SideFile, Stream
from app.catalog.views import Image, Item, ItemTree, UserState
from app.library.kinds import FileState, ItemKind
from app.library.naming import side_files
from app.library.paths import display_path, join
from app.library.records import FileLocation

Row = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What items are made of, as PostgreSQL writes rows as JSON: keys and times are text."""

    items: list[dict[str, Any]]
    files: list[dict[str, Any]]
    streams: list[dict[str, Any]]
    described: list[dict[str, Any]]
    words: list[dict[str, Any]]
    """Subtitles and lyrics beside the files."""
    people: list[dict[str, Any]]
    states: list[dict[str, Any]]
    """What whoever asks has seen of them."""


I = TypeVar("I", bound=Item)  # noqa: E741  one of two kinds of item


def items(order: Sequence[UUID], parts: Parts, make: type[I]) -> list[I]:
    """Put each item together, and have msgspec make of all of them at once what they are; it passes over the columns
    that are not shown."""
    files_of = _grouped(parts.files, "item_id")
    streams_of = _grouped(parts.streams, "file_id")
    words_of = _grouped(parts.words, "file_id")
    people_of = _grouped(parts.people, "item_id")
    state_of = {row["item_id"]: row for row in parts.states}
    said = {row["id"]: _described(row) for row in parts.described}
    by_id = {row["id"]: row for row in parts.items}
    found = []
    for key in map(str, order):
        if (row := by_id.get(key)) is not None:
            files = [_file(file, streams_of, words_of) for file in files_of.get(key, ())]
            people = [_person(person) for person in people_of.get(key, ())]
            made = {"replay_gain": _gain_of_item(row, files), "files": files, "people": people}
            found.append({**row, **said.get(key, {}), **made, "user": state_of.get(key, NOTHING_SEEN)})
    return msgspec.convert(found, list[make])  # type: ignore[valid-type]  # a type in a variable


def _file(row: Row, streams_of: Mapping[Any, Sequence[Row]], words_of: Mapping[Any, Sequence[Row]]) -> dict[str, Any]:
    key = row["id"]
    words = words_of.get(key, ())
    return {
        **row,
        "streams": streams_of.get(key, []),
        "subtitles": subtitles(key, words),
        "lyrics": lyrics(key, words),
        "replay_gain": row["replay_gain"] or None,
    }


def _gain_of_item(row: Row, files: Sequence[Row]) -> Mapping[str, float] | None:
    if row["kind"] != ItemKind.TRACK:
        return row["replay_gain"] or None
    return next((file["replay_gain"] for file in files if file["replay_gain"]), None)


NOTHING_SEEN = UserState()


def _person(row: Row) -> Row:
    return row if row["image"] is None else {**row, "image": portrait(row["id"], row["image"])}


def portrait(person_id: UUID | str, image: Mapping[str, Any] | None) -> Image | None:
    """Say where the picture of a person is."""
    return None if image is None else Image(**image, url=f"/api/v1/people/{person_id}/image?tag={image['tag']}")


def tree(tops: Sequence[UUID], items: Mapping[UUID, ItemTree], below: Mapping[UUID, Sequence[UUID]]) -> list[ItemTree]:
    """Hang items below their parents. As deep as a library is: three levels."""
    return [
        msgspec.structs.replace(items[item_id], children=tree(below.get(item_id, ()), items, below))
        for item_id in tops
        if item_id in items
    ]


_LABELS = {
    "genre": "genres", "tag": "tags", "studio": "studios", "country": "countries", "style": "styles", "mood": "moods",
}  # fmt: skip


def _described(row: Row) -> dict[str, Any]:
    labels = {_LABELS[kind]: names for kind, names in row["labels"].items()}
    title = {"title": row["local_title"]} if row["local_title"] is not None else {}
    return {**row, **labels, **title, "images": _images(row["id"], row["images"])}


def _images(item_id: str, rows: Sequence[Row]) -> list[Row]:
    """Say where each picture is: by its role, and its place among those of the role."""
    shown: list[Row] = []
    for role, images in groupby(rows, key=itemgetter("role")):
        for place, image in enumerate(images):
            url = f"/api/v1/items/{item_id}/images/{role}" + (f"/{place}" if place else "")
            shown.append({**image, "url": f"{url}?tag={image['tag']}"})
    return shown


def subtitles(file_id: UUID | str, rows: Sequence[Row]) -> list[SideFile]:
    """Say where the subtitles beside a file are: by their place among those of it."""
    return _side_files(f"/api/v1/files/{file_id}/subtitles", rows, "subtitle")


def lyrics(file_id: UUID | str, rows: Sequence[Row]) -> list[SideFile]:
    return _side_files(f"/api/v1/files/{file_id}/lyrics", rows, "lyrics")


def _side_files(base: str, rows: Sequence[Row], kind: str) -> list[SideFile]:
    return [
        SideFile(
            url=f"{base}/{place}",
            format=format_of(row["name"]),
            language=row["language"],
            title=row["title"],
            flags=row["flags"],
            pictures_url=None if row["track"] is None else f"{base}/{place}/pictures",
        )
        for place, row in enumerate(row for row in rows if row["kind"] == kind)
    ]


def format_of(name: bytes | str) -> str:
    """Return what words are written in, by a name that is `\\x` and digits in JSON."""
    return side_files.format_of(bytes.fromhex(name.removeprefix("\\x")) if isinstance(name, str) else name)


def side_file_location(row: Row) -> FileLocation:
    """Return where a side file, or the file a picture is in, is."""
    path = join(row["folder_path"], row["name"])
    return FileLocation(
        file_id=row["file_id"],
        library_id=row["library_id"],
        root=row["root_path"],
        path=path,
        display_path=display_path(path),
        state=FileState.PRESENT,
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        container=None,
    )


def _streams(rows: Sequence[Row]) -> list[Stream]:
    return [Stream(**{name: row[name] for name in Stream.__struct_fields__}) for row in rows]


def _grouped(rows: Sequence[Row], column: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return groups


def file_detail(row: Row, streams: Sequence[Row], chapters: Sequence[Row], words: Sequence[Row]) -> FileDetail:
    made = {"modified_at", "tags", "pictures", "streams", "chapters", "subtitles", "lyrics", "replay_gain", "segments"}
    fields = {name: row[name] for name in FileDetail.__struct_fields__ if name not in made}
    return FileDetail(
        **fields,
        modified_at=_time(row["mtime_ns"]),
        tags=row["tags"] or {},
        pictures=row["pictures"] or [],
        streams=_streams(streams),
        chapters=[_chapter(row["id"], chapter) for chapter in chapters],
        subtitles=subtitles(row["id"], words),
        lyrics=lyrics(row["id"], words),
        replay_gain=ReplayGain(**row["replay_gain"]) if row["replay_gain"] else None,
        segments=[Segment(**segment) for segment in row["segments"]],
    )


def _chapter(file_id: UUID, row: Row) -> Chapter:
    return Chapter(
        start_ms=row["start_ms"],
        end_ms=row["end_ms"],
        title=row["title"],
        image_url=f"/api/v1/files/{file_id}/chapters/{row['index']}.jpg" if row["has_picture"] else None,
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
