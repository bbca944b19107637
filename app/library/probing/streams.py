"""One stream → its row. FFmpeg's numbers become FFmpeg's words."""

import re
from typing import Any

from av.codec.context import CodecContext

from app.library.media import StreamInfo
from app.library.probing.values import milliseconds, number, rate, tags_of, text

PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428",
    11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
TRANSFERS = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100", 10: "log316",
    11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084",
    17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
SPACES = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
    10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp",
}  # fmt: skip
RANGES = {1: "tv", 2: "pc"}
FIELD_ORDERS = {1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}
HDR = {"smpte2084": "pq", "arib-std-b67": "hlg"}

FLAC_BITS, ALAC_BITS = 13, 17
"""Where their headers have the bits of a sample."""
PCM = re.compile(r"pcm_[suf](\d+)")

OWN_COLUMNS = frozenset({"language", "title"})
KINDS = frozenset({"video", "audio", "subtitle", "attachment", "data"})


def read_stream(stream: Any, dispositions: list[str]) -> StreamInfo:
    codec: CodecContext | None = stream.codec_context
    tags = tags_of(stream.metadata)
    info = StreamInfo(
        index=stream.index,
        kind=stream.type if stream.type in KINDS else "data",
        codec=text(codec.codec.canonical_name) if codec is not None else None,
        codec_tag=_tag(codec.codec_tag) if codec is not None else None,
        profile=text(stream.profile),
        level=number(getattr(codec, "level", None), positive=True, bits=31),
        language=tags.get("language"),
        title=tags.get("title"),
        dispositions=dispositions,
        bit_rate=number(getattr(codec, "bit_rate", None), positive=True),
        start_ms=milliseconds(stream.start_time, stream.time_base),
        duration_ms=milliseconds(stream.duration, stream.time_base),
        tags={name: value for name, value in tags.items() if name not in OWN_COLUMNS},
    )
    if codec is not None and info.kind == "video":
        _read_video(info, stream, codec)
    elif codec is not None and info.kind == "audio":
        _read_audio(info, codec)
    return info


def _read_video(info: StreamInfo, stream: Any, codec: Any) -> None:
    info.width = number(codec.width, positive=True, bits=31)
    info.height = number(codec.height, positive=True, bits=31)
    info.pixel_format = text(codec.pix_fmt)
    if codec.format is not None and codec.format.components:
        info.bit_depth = number(max(component.bits for component in codec.format.components), positive=True, bits=15)
    info.frame_rate = rate(stream.average_rate) or rate(stream.guessed_rate)
    aspect = stream.sample_aspect_ratio
    info.sample_aspect_ratio = f"{aspect.numerator}:{aspect.denominator}" if aspect else None
    info.field_order = FIELD_ORDERS.get(codec.field_order)
    info.color_range = RANGES.get(codec.color_range)
    info.color_primaries = PRIMARIES.get(codec.color_primaries)
    info.color_transfer = TRANSFERS.get(codec.color_trc)
    info.color_space = SPACES.get(codec.colorspace)
    info.hdr = HDR.get(info.color_transfer or "")


def _tag(tag: Any) -> str | None:
    """Return the container's own name for the codec (`hvc1`, `hev1`), where it has one that can be read."""
    plain = str(tag).strip()
    return plain if plain and plain.isascii() and plain.isprintable() else None


def _read_audio(info: StreamInfo, codec: Any) -> None:
    info.channels = number(codec.channels, positive=True, bits=31)
    info.channel_layout = text(codec.layout.name) if codec.layout is not None else None
    info.sample_rate = number(codec.sample_rate, positive=True, bits=31)
    info.bit_depth = _sample_bits(info.codec or "", bytes(codec.extradata or b""))


def _sample_bits(codec: str, header: bytes) -> int | None:
    """Return the bits of a sample where nothing is lost; elsewhere samples have none."""
    if codec == "flac" and len(header) > FLAC_BITS:
        return ((header[FLAC_BITS - 1] & 1) << 4 | header[FLAC_BITS] >> 4) + 1
    if codec == "alac" and len(header) > ALAC_BITS:
        return number(header[ALAC_BITS], positive=True, bits=15)
    found = PCM.match(codec)
    return int(found[1]) if found else None
