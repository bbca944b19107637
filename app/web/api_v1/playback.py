"""Playing: how an item is played on a client, and what it plays."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

import msgspec
from dishka.integrations.fastapi import DishkaRoute, FromDishka
from fastapi import APIRouter, Path
from pydantic import Field, StrictBool
from starlette.responses import Response

from app.catalog.browse import Catalog
from app.db.tx import Transactions
from app.errors import AppError, InvalidInput, NotFound
from app.playback.chapters.service import ChapterService
from app.playback.decision.plans import Decision, SubtitleWish, Wishes
from app.playback.fonts.kinds import FONT_TYPES
from app.playback.fonts.service import FontService
from app.playback.hls import playlists
from app.playback.hls.playlists import TYPE
from app.playback.profiles import ClientProfile
from app.playback.streaming.segments import Segments
from app.playback.streaming.service import PlaybackService
from app.playback.transcoding.recipes import SubtitleRecipe, extension_of, has_init
from app.playback.transcoding.store import INIT_NAME, segment_name
from app.web.answers import JsonResponse, documented
from app.web.api_v1.parameters import A_NUMBER, ChapterNumber, PlaybackId, StreamNumber, Strict, Text
from app.web.api_v1.playback_view import Address, Playback, begun, query_of, shown
from app.web.auth import Player, Watcher
from app.web.media_bytes import MediaBytes
from app.web.opening import stream
from app.web.segment_response import segment_response
from app.web.small_files import HARMLESS

router = APIRouter(prefix="/api/v1", tags=["playback"], route_class=DishkaRoute, default_response_class=Response)

LONGEST_MS = 1_000 * 3_600 * 1_000
"""A thousand hours: more than anything lasts, less than a column holds."""

Milliseconds = Annotated[int, Field(ge=0, le=LONGEST_MS), A_NUMBER]
RenditionName = Annotated[str, Path(pattern=r"^[vasx]\d{1,4}$")]
FileName = Annotated[str, Path(pattern=r"^[a-z0-9]{1,8}\.[a-z0-9]{1,4}$")]


class SubtitleChoice(Strict):
    """One of the two."""

    stream: Annotated[int, Field(ge=0, le=10_000), A_NUMBER] | None = None
    """A stream of the file, by its index."""
    beside: Annotated[int, Field(ge=0, le=10_000), A_NUMBER] | None = None
    """A file beside it, by its place among them."""


class PlaybackRequest(Strict):
    item_id: UUID
    file_id: UUID | None = None
    """Another version than the best."""
    profile: Text | dict[str, Any]
    """A known client (chrome, firefox, safari, chromecast, android-tv, player, hls-ts), or what another one takes."""
    start_ms: Milliseconds = 0
    audio: Annotated[int, Field(ge=0, le=10_000), A_NUMBER] | None = None
    """A sound of the file, by its index. None: the default one."""
    subtitle: SubtitleChoice | None = None
    keep_style: StrictBool = True
    """Draw styled subtitles into the picture where the client cannot; else they become plain text."""
    allow_direct_play: StrictBool = True
    allow_copy: StrictBool = True
    ladder: StrictBool = True
    """Offer smaller renditions beside the best one."""

    def client(self) -> str | ClientProfile:
        if isinstance(self.profile, str):
            return self.profile
        try:
            return msgspec.convert(self.profile, ClientProfile)
        except msgspec.ValidationError as err:
            raise InvalidInput("profile", str(err)) from err

    def wishes(self) -> Wishes:
        wish = self.subtitle
        if wish is not None and (wish.stream is None) == (wish.beside is None):
            raise InvalidInput("subtitle", "name a stream of the file or a file beside it, one of the two")
        return Wishes(
            audio=self.audio,
            subtitle=None if wish is None else SubtitleWish(stream=wish.stream, beside=wish.beside),
            keep_style=self.keep_style,
            allow_direct_play=self.allow_direct_play,
            allow_copy=self.allow_copy,
            ladder=self.ladder,
        )


class PositionReport(Strict):
    position_ms: Milliseconds
    is_paused: StrictBool = False


_TEXTS = {"schema": {"type": "string"}}
_BYTES = {"schema": {"type": "string", "format": "binary"}}


def _sent(description: str, *kinds: str, content: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    answers = documented(None, description=description)
    answers[200]["content"] = dict.fromkeys(kinds, content)
    return answers


@router.post("/playback", status_code=201, responses=documented(Playback, 201, description="Begun"))
async def start_playback(  # noqa: PLR0917  the framework names them all
    body: PlaybackRequest,
    viewer: Player,
    catalog: FromDishka[Catalog],
    service: FromDishka[PlaybackService],
    segments: FromDishka[Segments],
    fonts: FromDishka[FontService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Decide how an item is played on a client, and begin: the file as it is, other containers, or other streams."""
    client, wishes = body.client(), body.wishes()
    try:
        async with transactions.begin() as tx:
            started = await service.start(
                tx,
                viewer,
                item_id=body.item_id,
                file_id=body.file_id,
                profile=client,
                wishes=wishes,
                start_ms=body.start_ms,
            )
    except NotFound:
        await catalog.item(viewer, body.item_id)  # it may be the item that is not there
        raise
    try:
        await segments.begin(started)
    except AppError:  # it failed a moment ago; whoever is told so knows of no playback that they could end
        async with transactions.begin() as tx:
            await service.take_back(tx, started.playback.id)
        raise
    file = await catalog.file(viewer, started.playback.file_id)
    query = query_of(started.token)
    base = f"/api/v1/playback/{started.playback.id}"
    played = "file" if started.decision.method == "direct_play" else "master.m3u8"
    needed = await fonts.needed(started.decision, file.id)
    view = begun(started.playback, started.decision, file, needed, Address(base, query, played))
    return JsonResponse(view, 201, {"Cache-Control": "no-store", "Location": base})


@router.get("/playback/{playback_id}", responses=documented(Playback))
async def get_playback(
    playback_id: PlaybackId,
    viewer: Watcher,
    service: FromDishka[PlaybackService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Show a playback of one's own: how it is played and where it is."""
    async with transactions.autocommit() as asked:
        row = await service.get(asked, viewer, playback_id)
    decision = msgspec.convert(row.decision, Decision)
    return JsonResponse(shown(row, decision))


@router.put("/playback/{playback_id}", status_code=204, responses=documented(None, 204, description="Heard"))
async def report_position(
    playback_id: PlaybackId,
    body: PositionReport,
    viewer: Watcher,
    service: FromDishka[PlaybackService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Tell where the client is. A playback of which nothing is heard for half an hour is over."""
    async with transactions.begin() as tx:
        await service.record(tx, viewer, playback_id, position_ms=body.position_ms, is_paused=body.is_paused)
    return Response(status_code=204)


@router.delete("/playback/{playback_id}", status_code=204, responses=documented(None, 204, description="Ended"))
async def stop_playback(
    playback_id: PlaybackId,
    viewer: Watcher,
    service: FromDishka[PlaybackService],
    segments: FromDishka[Segments],
    transactions: FromDishka[Transactions],
) -> Response:
    """End a playback. What was made for it stays for a while, for whoever comes back."""
    async with transactions.begin() as tx:
        stopped = await service.stop(tx, viewer, playback_id)
    segments.stopped(stopped)
    return Response(status_code=204)


_CHAPTER = _sent("The picture", "image/jpeg", content=_BYTES)


@router.get("/playback/{playback_id}/chapters/{number}.jpg", responses=_CHAPTER)
async def get_playback_chapter_picture(  # noqa: PLR0917  as above
    playback_id: PlaybackId,
    number: ChapterNumber,
    viewer: Watcher,
    service: FromDishka[PlaybackService],
    chapters: FromDishka[ChapterService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Send the picture of a chapter of what is played."""
    async with transactions.autocommit() as asked:
        row = await service.get(asked, viewer, playback_id)
    place = await chapters.place(row.file_id, number)
    return segment_response(partial(place.read_bytes), place.name)


_FONT = _sent("The font", *sorted(FONT_TYPES), content=_BYTES)


@router.get("/playback/{playback_id}/fonts/{number}", responses=_FONT)
async def get_playback_font(  # noqa: PLR0917  as above
    playback_id: PlaybackId,
    number: StreamNumber,
    viewer: Watcher,
    service: FromDishka[PlaybackService],
    fonts: FromDishka[FontService],
    transactions: FromDishka[Transactions],
) -> Response:
    """Send a font that lies in what is played, for styled subtitles."""
    async with transactions.autocommit() as asked:
        row = await service.get(asked, viewer, playback_id)
    font = await fonts.content(row.file_id, number)
    headers = {
        "Content-Type": font.media_type,
        "Cache-Control": "private, max-age=86400",
        "Content-Security-Policy": HARMLESS,
    }
    return Response(font.content, headers=headers)


_FILE = _sent("The file", "application/octet-stream", content=_BYTES)


@router.head("/playback/{playback_id}/file", responses=_FILE, operation_id="stream_playback_head")
@router.get("/playback/{playback_id}/file", responses=_FILE)
async def stream_playback(
    playback_id: PlaybackId, viewer: Watcher, segments: FromDishka[Segments], media: FromDishka[MediaBytes]
) -> Response:
    """Send the bytes of what is played as it is: all, or parts with `Range`."""
    return stream(media, await segments.location(viewer, playback_id))


@router.get("/playback/{playback_id}/master.m3u8", responses=_sent("The renditions", TYPE, content=_TEXTS))
async def get_master_playlist(
    playback_id: PlaybackId,
    viewer: Watcher,
    service: FromDishka[PlaybackService],
    transactions: FromDishka[Transactions],
    token: Text | None = None,
) -> Response:
    """List the renditions of a playback, its sounds and its subtitles."""
    async with transactions.autocommit() as asked:
        row = await service.get(asked, viewer, playback_id)
        rate = await service.frame_rate(asked, playback_id)
    decision = msgspec.convert(row.decision, Decision)
    return _playlist(playlists.master_playlist(decision, rate, query_of(token)))


@router.get("/playback/{playback_id}/{rendition}/index.m3u8", responses=_sent("Segments", TYPE, content=_TEXTS))
async def get_media_playlist(  # noqa: PLR0917  the framework names them all
    playback_id: PlaybackId,
    rendition: RenditionName,
    viewer: Watcher,
    service: FromDishka[PlaybackService],
    transactions: FromDishka[Transactions],
    token: Text | None = None,
) -> Response:
    """List every segment of a rendition, whether it has been made or not."""
    async with transactions.autocommit() as asked:
        row = await service.transcode(asked, viewer, playback_id, rendition)
    extension, query = extension_of(row.recipe), query_of(token)
    if isinstance(row.recipe, SubtitleRecipe):
        return _playlist(playlists.whole_playlist(row.cuts, segment_name(0, extension), query))
    init = INIT_NAME if has_init(row.recipe) else None
    return _playlist(playlists.media_playlist(row.cuts, extension=extension, init=init, query=query))


@router.get(
    "/playback/{playback_id}/{rendition}/{name}",
    responses=_sent("The segment", "video/mp4", "audio/mp4", "video/mp2t", "text/vtt", "text/plain", content=_BYTES),
)
async def get_segment(
    playback_id: PlaybackId, rendition: RenditionName, name: FileName, viewer: Watcher, segments: FromDishka[Segments]
) -> Response:
    """Send a segment: at once if it is there, else as soon as it is made."""
    found = await segments.file(viewer, playback_id, rendition, name)
    return segment_response(partial(found.place.read_bytes), name, found.note)


def _playlist(text: str) -> Response:
    return Response(text, media_type=TYPE, headers={"Cache-Control": "no-store"})
