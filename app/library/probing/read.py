"""One open file → what it is. Runs in a prober's process only: a decoder that goes wrong takes its process with it.

The file comes as a descriptor: no name, no path, no protocol. Demuxers are those we list, and whatever a format wants
to open besides is refused. Every number and string is taken with its limits, because a file may claim anything.
"""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition

from app.library.formats import DEMUXERS
from app.library.media import ChapterInfo, MediaInfo, PictureInfo, Problem, StreamInfo
from app.library.probing.containers import read_container
from app.library.probing.light import light_of
from app.library.probing.reading import CountedFile
from app.library.probing.sound import read_sound
from app.library.probing.streams import read_stream
from app.library.probing.truncation import missing_bytes
from app.library.probing.values import milliseconds, number, tags_of, text
from app.library.tagging import MusicTags
from app.library.tagging.read import read_tags

BUFFER = 64 * 1024
OPTIONS = {
    "format_whitelist": DEMUXERS,
    "protocol_whitelist": "none",
    "probesize": "5000000",
    "analyzeduration": "5000000",
    "max_streams": "1000",
}
"""5 MB and 5 s tell all of nearly every file. To ask all of them for more is what makes servers run out of memory."""

PATIENT = {**OPTIONS, "probesize": "25000000", "analyzeduration": "30000000"}
"""For the few, transport streams mostly, in which a sound or a picture begins late."""

DISC_DESCRIPTOR = 16 * 2048 + 1
MAX_CHAPTERS = 2_000
DISPOSITIONS = [(flag.value, flag.name) for flag in Disposition if flag.name is not None]
PICTURE_PACKETS = 64
"""Packets read in search of attached pictures, which come first."""


def probe(file: int) -> MediaInfo:
    """Say what the file behind this descriptor is. Never raises: what goes wrong is what it says."""
    source = CountedFile(file)
    try:
        info = _probe(source)
    except MemoryError:
        info = MediaInfo(problem=Problem.MEMORY, detail="more memory was wanted than a prober may have")
    except av.error.ArgumentError:
        info = MediaInfo(problem=Problem.UNSUPPORTED, detail="its content is of a format that is not opened here")
    except av.error.FFmpegError as err:
        if _is_disc_image(source):
            info = MediaInfo(problem=Problem.UNSUPPORTED, detail="a disc image: its films are not opened here")
        else:
            info = MediaInfo(problem=Problem.CORRUPT, detail=text(err.strerror) or type(err).__name__)
    except Exception as err:  # noqa: BLE001  whatever the library raises about a hostile file is about that file
        info = MediaInfo(problem=Problem.CORRUPT, detail=text(f"{type(err).__name__}: {err}"))
    if source.error is not None:
        # Only the system's word counts: a demuxer says `Input/output error` of bytes that make no sense, too.
        info.problem, info.detail = Problem.UNREADABLE, source.error.strerror or type(source.error).__name__
    return info


def _probe(source: CountedFile) -> MediaInfo:
    size = source.size()
    if size == 0:
        return MediaInfo(problem=Problem.CORRUPT, detail="the file is empty")
    try:
        info = _read(source, size, OPTIONS)
        if size > int(OPTIONS["probesize"]) and not source.is_spent and any(map(_is_vague, info.streams)):
            with contextlib.suppress(av.error.FFmpegError):
                info = _read(source, size, PATIENT)
    except av.error.FFmpegError as err:
        if source.is_spent:
            return MediaInfo(
                problem=Problem.CORRUPT, detail=f"{source.read_bytes} bytes of it told nothing: {err.strerror}"
            )
        raise
    if info.streams and all(stream.kind != "video" for stream in info.streams):
        info.music_tags = _music_tags(source, info)
    lacking = missing_bytes(source, size)
    if lacking:
        info.problem, info.detail = Problem.TRUNCATED, f"{lacking} bytes are missing at its end"
    elif not any(stream.kind in ("video", "audio") for stream in info.streams):
        info.problem, info.detail = Problem.UNSUPPORTED, "nothing in it can be played"
    return info


def _is_disc_image(source: CountedFile) -> bool:
    """Whether it is a file system of DVDs and Blu-rays (ECMA-119, ECMA-167): its first descriptor says so."""
    try:
        return source.at(DISC_DESCRIPTOR, 5) in {b"CD001", b"BEA01"}
    except OSError:  # which is what is told of the file, then
        return False


def _read(source: CountedFile, size: int, options: dict[str, str]) -> MediaInfo:
    source.seek(0)
    with open_container(source, options) as container:
        return _describe(container, source, size)


def _is_vague(stream: StreamInfo) -> bool:
    """Whether of a stream that is there nothing has been seen yet."""
    if stream.kind == "video":
        return stream.width is None or stream.pixel_format is None
    return stream.kind == "audio" and (stream.sample_rate is None or stream.channels is None)


def _music_tags(source: CountedFile, info: MediaInfo) -> MusicTags | None:
    sound = next((stream for stream in info.streams if stream.kind == "audio"), None)
    if sound is None:
        return None
    return read_tags(source, info.container or "", sound.codec, info.tags, sound.tags)


@contextlib.contextmanager
def open_container(source: Any, options: dict[str, str] = OPTIONS) -> Iterator[InputContainer]:
    with av.open(
        source,
        mode="r",
        container_options=options,
        metadata_errors="replace",
        buffer_size=BUFFER,
        io_open=_refuse,
    ) as container:
        yield container


def _refuse(url: str, flags: int, options: dict[str, str]) -> Any:  # noqa: ARG001  the library's signature
    raise PermissionError("a media file may not open another file")


def _describe(container: InputContainer, source: CountedFile, size: int) -> MediaInfo:
    streams: list[StreamInfo] = []
    pictures: dict[int, PictureInfo] = {}
    for stream in container.streams:
        dispositions = _dispositions(stream)
        if "attached_pic" in dispositions:
            pictures[stream.index] = _picture(stream)
        else:
            streams.append(read_stream(stream, dispositions))
    info = MediaInfo(
        container=text(container.format.name),
        duration_ms=milliseconds(container.duration, Fraction(1, av.time_base)),
        bit_rate=number(container.bit_rate, positive=True),
        tags=tags_of(container.metadata),
        streams=streams,
        chapters=_chapters(container),
    )
    _weigh_pictures(container, pictures)
    info.pictures = list(pictures.values())
    _read_light(container, info)
    read_sound(info, container, source, size)
    read_container(info, container, source, size)
    return info


def _dispositions(stream: Any) -> list[str]:
    flags = int(stream.disposition)
    return [name for value, name in DISPOSITIONS if flags & value] if flags else []


def _picture(stream: Any) -> PictureInfo:
    codec, tags = stream.codec_context, tags_of(stream.metadata)
    return PictureInfo(
        index=stream.index,
        kind=tags.get("comment"),
        title=tags.get("title") or tags.get("filename"),
        codec=text(codec.codec.canonical_name) if codec is not None else None,
        width=number(getattr(codec, "width", None), positive=True, bits=31),
        height=number(getattr(codec, "height", None), positive=True, bits=31),
    )


def _chapters(container: InputContainer) -> list[ChapterInfo]:
    chapters: list[ChapterInfo] = []
    for chapter in container.chapters()[:MAX_CHAPTERS]:
        start = milliseconds(chapter["start"], chapter["time_base"])
        end = milliseconds(chapter["end"], chapter["time_base"])
        if start is not None:
            title = text(chapter["metadata"].get("title"))
            end = start if end is None else max(start, end)
            chapters.append(ChapterInfo(index=len(chapters), start_ms=start, end_ms=end, title=title))
    return chapters


def _weigh_pictures(container: InputContainer, pictures: dict[int, PictureInfo]) -> None:
    """Find how large attached pictures are. Demuxers give them before anything else."""
    waiting = set(pictures)
    if not waiting:
        return
    with contextlib.suppress(av.error.FFmpegError):
        for count, packet in enumerate(container.demux()):
            if packet.stream.index in waiting and packet.size:
                pictures[packet.stream.index].size = packet.size
                waiting.discard(packet.stream.index)
            if not waiting or count >= PICTURE_PACKETS:
                break


def _read_light(container: InputContainer, info: MediaInfo) -> None:
    """Find mastering display and light levels of PQ video: the library shows them on the first decoded frame only."""
    for stream in info.streams:
        if stream.hdr != "pq":
            continue
        with contextlib.suppress(av.error.FFmpegError, StopIteration):
            video = container.streams[stream.index]
            if info.pictures:  # which were looked for beyond the first frame
                container.seek(0)
            video.codec_context.thread_count = 1
            light = light_of(next(container.decode(video)))
            if light.pop("hdr10plus", 0):
                stream.hdr = "hdr10plus"
            elif "max_luminance" in light:
                stream.hdr = "hdr10"
            stream.hdr_metadata = light
        return
