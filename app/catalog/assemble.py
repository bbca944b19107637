"""Rows into views. Pure: what belongs to what, in the order of the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from app.catalog.views import (
    ArtistCredit,
    Chapter,
    Collection,
    File,
    FileDetail,
    Image,
    Item,
    ItemTree,
    Person,
    Rating,
    ReplayGain,
    Segment,
    SideFile,
    Stream,
    UserState,
)
from app.library.kinds import FileState, ItemKind
from app.library.paths import display_path, join
from app.library.records import FileLocation

Row = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """What items are made of, as the statements return it."""

    items: Sequence[Row]
    files: Sequence[Row]
    streams: Sequence[Row]
    described: Sequence[Row]
    words: Sequence[Row]
    """Subtitles and lyrics beside the files."""
    people: Sequence[Row]
    states: Sequence[Row]
    """What whoever asks has seen of them."""


I = TypeVar("I", bound=Item)  # noqa: E741  one of two kinds of item


def items(order: Sequence[UUID], parts: Parts, make: type[I]) -> list[I]:
    files_of = _grouped(parts.files, "item_id")
    streams_of = _grouped(parts.streams, "file_id")
    words_of = _grouped(parts.words, "file_id")
    people_of = _grouped(parts.people, "item_id")
    state_of = {row["item_id"]: _state(row) for row in parts.states}
    said = {row["id"]: _described(row) for row in parts.described}
    by_id = {row["id"]: row for row in parts.items}
    found = []
    for item_id in order:
        if (row := by_id.get(item_id)) is not None:
            files = [_file(file, streams_of, words_of) for file in files_of.get(item_id, ())]
            made = {"artists": _credits(row["artists"]), "replay_gain": _gain_of_item(row, files)}
            people = [_person(person) for person in people_of.get(item_id, ())]
            user = state_of.get(item_id, NOTHING_SEEN)
            found.append(make(**{**row, **made}, **said.get(item_id, {}), people=people, files=files, user=user))
    return found


def _gain_of_item(row: Row, files: Sequence[File]) -> ReplayGain | None:
    if row["kind"] != ItemKind.TRACK:
        return _gain(row["replay_gain"])
    return next((file.replay_gain for file in files if file.replay_gain is not None), None)


def _gain(said: Mapping[str, float] | None) -> ReplayGain | None:
    return ReplayGain(**said) if said else None


NOTHING_SEEN = UserState()


def _state(row: Row) -> UserState:
    return UserState(**{name: row[name] for name in UserState.__struct_fields__})


def _person(row: Row) -> Person:
    fields = {name: row[name] for name in Person.__struct_fields__ if name != "image"}
    return Person(**fields, image=portrait(row["id"], row["image"]))


def portrait(person_id: UUID, image: Mapping[str, Any] | None) -> Image | None:
    """Say where the picture of a person is."""
    return None if image is None else Image(**image, url=f"/api/v1/people/{person_id}/image?tag={image['tag']}")


def _credits(rows: Sequence[Row]) -> list[ArtistCredit]:
    return [ArtistCredit(id=UUID(row["id"]), name=row["name"], joinphrase=row["joinphrase"]) for row in rows]


def tree(tops: Sequence[UUID], items: Mapping[UUID, ItemTree], below: Mapping[UUID, Sequence[UUID]]) -> list[ItemTree]:
    """Hang items below their parents. As deep as a library is: three levels."""
    return [
        msgspec.structs.replace(items[item_id], children=tree(below.get(item_id, ()), items, below))
        for item_id in tops
        if item_id in items
    ]


def _file(row: Row, streams_of: Mapping[UUID, Sequence[Row]], words_of: Mapping[UUID, Sequence[Row]]) -> File:
    made = {"streams", "subtitles", "lyrics", "replay_gain", "segments"}
    fields = {name: row[name] for name in File.__struct_fields__ if name not in made}
    words = words_of.get(row["id"], ())
    return File(
        **fields,
        streams=_streams(streams_of.get(row["id"], ())),
        subtitles=subtitles(row["id"], words),
        lyrics=lyrics(row["id"], words),
        replay_gain=_gain(row["replay_gain"]),
        segments=[Segment(**segment) for segment in row["segments"]],
    )


_LABELS = {
    "genre": "genres", "tag": "tags", "studio": "studios", "country": "countries", "style": "styles", "mood": "moods",
}  # fmt: skip


def _described(row: Row) -> dict[str, Any]:
    made = {"id", "labels", "ratings", "collections", "images"}
    return {
        **{name: value for name, value in row.items() if name not in made},
        **{_LABELS[kind]: names for kind, names in row["labels"].items()},
        "ratings": [Rating(**rating) for rating in row["ratings"]],
        "collections": [Collection(id=UUID(one["id"]), name=one["name"]) for one in row["collections"]],
        "images": _images(row["id"], row["images"]),
    }


def _images(item_id: UUID, rows: Sequence[Row]) -> list[Image]:
    """Say where each picture is: by its role, and its place among those of the role."""
    shown = []
    for role, images in groupby(rows, key=itemgetter("role")):
        for place, image in enumerate(images):
            url = f"/api/v1/items/{item_id}/images/{role}" + (f"/{place}" if place else "")
            shown.append(Image(**image, url=f"{url}?tag={image['tag']}"))
    return shown


def subtitles(file_id: UUID, rows: Sequence[Row]) -> list[SideFile]:
    """Say where the subtitles beside a file are: by their place among those of it."""
    return _side_files(f"/api/v1/files/{file_id}/subtitles", rows, "subtitle")


def lyrics(file_id: UUID, rows: Sequence[Row]) -> list[SideFile]:
    return _side_files(f"/api/v1/files/{file_id}/lyrics", rows, "lyrics")


def _side_files(base: str, rows: Sequence[Row], kind: str) -> list[SideFile]:
    return [
        SideFile(
            url=f"{base}/{place}",
            format=format_of(row["name"]),
            language=row["language"],
            title=row["title"],
            flags=row["flags"],
        )
        for place, row in enumerate(row for row in rows if row["kind"] == kind)
    ]


def format_of(name: bytes) -> str:
    """Return a name's extension as text. Names of side files have one of a list."""
    return name.rpartition(b".")[2].lower().decode("ascii", "replace")


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


def _grouped(rows: Sequence[Row], column: str) -> dict[UUID, list[Row]]:
    """Group rows that come in the order of that column."""
    return {key: list(group) for key, group in groupby(rows, key=itemgetter(column))}


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
        replay_gain=_gain(row["replay_gain"]),
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
