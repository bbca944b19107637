"""What a client is told of a playback."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from app.catalog.file_views import Chapter, FileDetail, ReplayGain, Segment
from app.playback.decision.plans import Decision
from app.playback.fonts.service import Font
from app.playback.streaming.plan import subtitle_name, subtitle_recipe
from app.playback.streaming.records import PlaybackRow
from app.playback.transcoding.store import segment_name
from app.web.authentication import MEDIA_TOKEN


class SubtitleFile(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    format: str
    """vtt, ass, srt, sup, or mks: Matroska that holds nothing but a track of a VobSub."""
    language: str | None
    title: str | None
    selected: bool


class FontFile(msgspec.Struct, frozen=True, kw_only=True):
    """A font that lies in the film."""

    url: str
    name: str
    """As it is called there, without any place; for showing."""
    type: str
    """As it says it is; what is sent says what it is."""


class Playback(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    item_id: UUID
    file_id: UUID
    decision: Decision
    position_ms: int
    is_paused: bool
    duration_ms: int | None
    url: str | None
    """What to play, below this server's own address: the file as it is, or a master playlist of HLS. Told when the
    playback is begun, and null from then on: it holds the token."""
    subtitles: list[SubtitleFile]
    """Texts to be drawn by the client; told with `url`. Those of a playlist stand in it, too."""
    chapters: list[Chapter] = []
    """Told with `url`; their pictures are of this playback, and go with its token."""
    replay_gain: ReplayGain | None = None
    """How loud a song is to be played; told with `url`."""
    segments: list[Segment] = []
    """What can be skipped; told with `url`."""
    fonts: list[FontFile] = []
    """What styled subtitles want to be drawn with, for a client that is handed such; told with `url`."""


class Address(NamedTuple):
    """Where all of a playback is: below what, and with which query that holds its token."""

    base: str
    query: str
    played: str

    def of(self, place: str) -> str:
        return f"{self.base}/{place}{self.query}"


def query_of(token: str | None) -> str:
    return "" if token is None else f"?{MEDIA_TOKEN}={token}"


def shown(row: PlaybackRow, decision: Decision) -> Playback:
    """Tell of a playback that is under way."""
    return Playback(**_facts(row, decision), url=None, subtitles=[])


def begun(row: PlaybackRow, decision: Decision, file: FileDetail, fonts: Sequence[Font], address: Address) -> Playback:
    """Tell of one that begins, with all that its player may fetch."""
    return Playback(
        **_facts(row, decision),
        url=address.of(address.played),
        subtitles=_subtitles(decision, address),
        chapters=_chapters(file.chapters, address),
        replay_gain=file.replay_gain,
        segments=file.segments,
        fonts=[FontFile(url=address.of(f"fonts/{one.index}"), name=one.name, type=one.media_type) for one in fonts],
    )


def _facts(row: PlaybackRow, decision: Decision) -> dict[str, Any]:
    return {
        "id": row.id,
        "item_id": row.item_id,
        "file_id": row.file_id,
        "decision": decision,
        "position_ms": row.position_ms,
        "is_paused": row.is_paused,
        "duration_ms": row.duration_ms,
    }


def _chapters(chapters: Sequence[Chapter], address: Address) -> list[Chapter]:
    """Say where the pictures are for whoever holds the playback's token."""
    return [
        chapter
        if chapter.image_url is None
        else msgspec.structs.replace(chapter, image_url=address.of(f"chapters/{chapter.image_url.rpartition('/')[2]}"))
        for chapter in chapters
    ]


def _subtitles(decision: Decision, address: Address) -> list[SubtitleFile]:
    found = [(plan, subtitle_recipe(plan)) for plan in decision.subtitles]
    return [
        SubtitleFile(
            url=address.of(f"{subtitle_name(plan)}/{segment_name(0, recipe.format)}"),
            format=recipe.format,
            language=plan.language,
            title=plan.title,
            selected=plan.selected,
        )
        for plan, recipe in found
        if recipe is not None
    ]
