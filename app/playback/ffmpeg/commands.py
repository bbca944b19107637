"""A recipe → FFmpeg's arguments. Pure: a list, never a line; every part of it is a number or a word of ours.

The file comes as a descriptor, so no name reaches FFmpeg, and it may open nothing else: only the protocol `file`, only
the demuxers that probing allows. A playlist, a script or a list of addresses that calls itself a film is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.library.formats import DEMUXERS
from app.playback.ffmpeg.binary import Capabilities, device_arguments, upload_filter
from app.playback.ladder import h264_level
from app.playback.transcoding.recipes import AudioRecipe, MuxedRecipe, VideoRecipe

SOUND_RATE = 48_000
FRAME = {"aac": 1024, "opus": 960, "ac3": 1536, "mp3": 1152}
"""Samples in a packet of what we make."""

WORDS_DEMUXERS = "srt,ass,webvtt,sami,subviewer,subviewer1,microdvd,mpl2,ttml,sup"

_ENCODERS = {"aac": "aac", "opus": "libopus", "ac3": "ac3", "mp3": "libmp3lame"}
_SOUND_BIT_RATE = {1: 96_000, 2: 160_000, 6: 448_000}

TO_STANDARD_RANGE = (
    "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
)

SOUND_FRAGMENT = "500000"
"""Microseconds."""

_FRAGMENTED = "+empty_moov+default_base_moof+frag_discont"
"""Of sound, the header waits for the first packet: of AC-3 and its kin it is made from what that says."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a run is to make: times in seconds on the file's own clock."""

    seek: float | None
    """Where to begin reading. None: at the beginning."""
    begin: float | None = None
    """Pictures before this are thrown away. None: there are none."""
    keyframes: Sequence[float] = ()
    """Where pictures must begin anew."""
    first_sample: int | None = None
    """Of sound that is made: the first one, counted at its rate."""


def input_of(descriptor: int, seek: float | None = None) -> list[str]:
    """Return the arguments that open a file, and nothing besides it."""
    # What lies between the place that a seek finds and the one it was for is thrown away by us: FFmpeg's own way of it
    # counts a file's beginning twice when told times as the file has them, and leaves nothing.
    where = [] if seek is None else ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{seek:.6f}"]
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", DEMUXERS),
        *("-probesize", "5000000", "-analyzeduration", "5000000"),
        *where,
        *("-i", f"file:/dev/fd/{descriptor}"),
    ]


@dataclass(frozen=True, slots=True)
class Tools:
    """What pictures are made with."""

    ffmpeg: Capabilities
    preset: str
    words: int | None = None
    """The descriptor of subtitles to draw."""
    has_fonts: bool = False
    """Whether they come with their fonts, as a film of nothing else."""
    zero_ms: int = 0
    """The file's own time of what is watched first, which is when words from beside it begin to count."""


def video(recipe: VideoRecipe, span: Span, descriptor: int, tools: Tools) -> list[str]:
    """Make pictures, as fragmented MP4 into the pipe."""
    return [
        *_before(recipe, tools.ffmpeg),
        "-copyts",
        *input_of(descriptor, span.seek),
        *_drawn_input(recipe, span, tools),
        *_pictures(recipe, span, tools),
        *("-an", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-avoid_negative_ts", "disabled"),
        *("-f", "mp4", "-movflags", f"{_FRAGMENTED}+frag_keyframe", "-use_editlist", "0", "pipe:1"),
    ]


def audio(recipe: AudioRecipe, span: Span, descriptor: int) -> list[str]:
    """Make sound, in small fragments: one for each packet would cost whoever takes them apart ten times as much."""
    return [
        "-copyts",
        *input_of(descriptor, span.seek),
        *_sound(recipe, span),
        # A transport stream has a header before every packet of AAC; MP4 has it once, at the beginning.
        *(["-bsf:a", "aac_adtstoasc"] if recipe.action == "copy" and recipe.codec == "aac" else []),
        *("-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-avoid_negative_ts", "disabled"),
        *("-f", "mp4", "-movflags", f"{_FRAGMENTED}+delay_moov", "-frag_duration", SOUND_FRAGMENT),
        *("-use_editlist", "0", "pipe:1"),
    ]


def muxed(recipe: MuxedRecipe, span: Span, descriptor: int, tools: Tools) -> list[str]:
    """Make a transport stream of both."""
    pictures = [] if recipe.video is None else _pictures(recipe.video, span, tools)
    sound = [] if recipe.audio is None else _sound(recipe.audio, span)
    return [
        *([] if recipe.video is None else _before(recipe.video, tools.ffmpeg)),
        "-copyts",
        *input_of(descriptor, span.seek),
        *([] if recipe.video is None else _drawn_input(recipe.video, span, tools)),
        *pictures,
        *sound,
        *("-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-avoid_negative_ts", "disabled"),
        # Each packet of sound by itself: of several that travel together some would be another segment's.
        *("-pes_payload_size", "0"),
        *("-f", "mpegts", "-muxdelay", "0", "-muxpreload", "0", "-mpegts_copyts", "1", "pipe:1"),
    ]


def attachment(index: int, shown: int, descriptor: int) -> list[str]:
    """Take an attachment out of a film, into the pipe. `shown` is any stream that plays: FFmpeg wants one named."""
    taken = [f"-dump_attachment:{index}", "pipe:1", *input_of(descriptor)]
    return [*taken, "-map", f"0:{shown}", "-c", "copy", "-t", "0", "-f", "null", "/dev/null"]


def styled_with_fonts(stream: int, fonts: Sequence[int], descriptor: int) -> list[str]:
    """Take a styled subtitle out of a film together with its fonts, as a film of nothing else."""
    mapped = [word for index in fonts for word in ("-map", f"0:{index}")]
    # Whoever draws takes no attachment without a name and a kind. These say nothing of what the film calls them.
    for number in range(len(fonts)):
        mapped += [f"-metadata:s:t:{number}", "mimetype=application/x-truetype-font"]
        mapped += [f"-metadata:s:t:{number}", f"filename={number}.ttf"]
    return [
        *("-copyts", *input_of(descriptor), "-map", f"0:{stream}", "-map_metadata", "-1", "-map_chapters", "-1"),
        *mapped,
        *("-c:s", "ass", "-c:t", "copy", "-f", "matroska", "pipe:1"),
    ]


def subtitle(
    stream: int | None,
    descriptor: int,
    kind: str,
    shift_ms: int = 0,
    counted_rate: float | None = None,
    *,
    unconverted: bool = False,
) -> list[str]:
    """Take one subtitle out of a film, or turn a file of subtitles into another kind; `shift_ms` later than it says.

    `counted_rate` is for a file that counts the film's pictures instead of seconds.
    """
    muxer = {"vtt": "webvtt", "ass": "ass", "srt": "srt", "sup": "sup"}[kind]
    source = input_of(descriptor) if stream is not None else _words_input(descriptor, counted_rate)
    codec = ["-c:s", "copy"] if unconverted or kind == "sup" else []
    mapped = f"0:{stream}" if stream is not None else "0:s:0"
    return ["-copyts", *_later(shift_ms), *source, "-map", mapped, *codec, "-f", muxer, "pipe:1"]


def pictures_of_words(words: int, pictures: int | None = None) -> list[str]:
    """Make a film of nothing else out of pictures of words beside a film: one can be sought in, and they in two files
    become one. Of two files, the first is the index of a VobSub. Both come as descriptors: left to itself, FFmpeg would
    look for the second by the name of the first.
    """
    format_ = "sup" if pictures is None else "vobsub"
    second = [] if pictures is None else ["-sub_name", f"file:/dev/fd/{pictures}"]
    return [
        *("-copyts", "-protocol_whitelist", "file", "-format_whitelist", f"{format_},mpeg", "-f", format_, *second),
        *("-i", f"file:/dev/fd/{words}", "-map", "0:s:0", "-map_metadata", "-1", "-c:s", "copy"),
        *("-f", "matroska", "pipe:1"),
    ]


def _drawn_input(recipe: VideoRecipe, span: Span, tools: Tools) -> list[str]:
    """Pictures of words from beside the film are an input of their own; texts are read by the filter that draws."""
    if tools.words is None or recipe.burn is None or recipe.burn.is_text:
        return []
    zero = tools.zero_ms / 1000
    seek = [] if span.seek is None else ["-seek_timestamp", "1", "-ss", f"{max(span.seek - zero, 0):.6f}"]
    # Else what is shown already where somebody begins would be thrown away: it begins before.
    allowed = ["-protocol_whitelist", "file", "-format_whitelist", "matroska", "-noaccurate_seek"]
    return [*allowed, *_later(tools.zero_ms), *seek, "-i", f"file:/dev/fd/{tools.words}"]


def _later(shift_ms: int) -> list[str]:
    return ["-itsoffset", f"{shift_ms / 1000:.3f}"] if shift_ms else []


def _words_input(descriptor: int, counted_rate: float | None) -> list[str]:
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", WORDS_DEMUXERS),
        *([] if counted_rate is None else ["-f", "microdvd", "-subfps", f"{counted_rate:.6f}"]),
        *("-i", f"file:/dev/fd/{descriptor}"),
    ]


# -- pictures


def _before(recipe: VideoRecipe, ffmpeg: Capabilities) -> list[str]:
    return device_arguments(ffmpeg.h264) if recipe.action == "transcode" else []


def _pictures(recipe: VideoRecipe, span: Span, tools: Tools) -> list[str]:
    if recipe.action == "copy":
        tag = ["-tag:v", "hvc1"] if recipe.codec == "hevc" else []
        return ["-map", f"0:{recipe.stream}", "-c:v", "copy", *tag]
    times = ",".join(f"{time:.6f}" for time in span.keyframes)
    return [
        *_filtered(recipe, span, tools),
        *("-fps_mode:v", "passthrough", "-enc_time_base:v", "demux"),
        *_encoder(recipe, tools.ffmpeg.h264, tools.preset),
        *(["-force_key_frames:v", times] if times else []),
    ]


def _filtered(recipe: VideoRecipe, span: Span, tools: Tools) -> list[str]:
    ffmpeg = tools.ffmpeg
    chain = [] if span.begin is None else [f"trim=start={span.begin:.6f}"]
    if recipe.deinterlace:
        chain.append("bwdif=mode=send_frame:deint=interlaced")
    if recipe.tone_map and ffmpeg.tone_maps:
        chain.append(TO_STANDARD_RANGE)
    chain.append(f"scale={recipe.width}:{recipe.height},setsar=1")
    last = [upload] if (upload := upload_filter(ffmpeg.h264)) else ["format=yuv420p"]
    burn = recipe.burn
    if burn is not None and not burn.is_text:
        words_of = f"0:{burn.stream}" if burn.stream is not None else "1:s:0"
        graph = (
            f"[0:{recipe.stream}]{','.join(chain)}[picture];"
            f"[{words_of}]scale={recipe.width}:{recipe.height}[words];"
            f"[picture][words]overlay=eof_action=pass,{','.join(last)}[out]"
        )
        return ["-filter_complex", graph, "-map", "[out]"]
    if tools.words is not None:
        chain.append(f"{'subtitles' if tools.has_fonts else 'ass'}=filename=/dev/fd/{tools.words}")
    return ["-map", f"0:{recipe.stream}", "-vf", ",".join([*chain, *last])]


def _encoder(recipe: VideoRecipe, encoder: str, preset: str) -> list[str]:
    rate = recipe.bit_rate
    limits = ["-maxrate:v", str(rate), "-bufsize:v", str(rate * 2)]
    # The longest distance between keyframes is ours to say: by the times, and by no count of pictures.
    shape = ["-profile:v", "high", "-g:v", "600", "-tag:v", "avc1"]
    if encoder == "libx264":
        return [
            *("-c:v", encoder, "-preset:v", preset, "-crf:v", "22", *limits, *shape, "-level:v", _level(recipe)),
            *("-8x8dct:v", "1", "-sc_threshold:v", "0", "-forced-idr:v", "1", "-flags:v", "+cgop"),
        ]
    return ["-c:v", encoder, "-b:v", str(rate), *limits, *shape, "-bf:v", "0", "-forced_idr:v", "1"]


def _level(recipe: VideoRecipe) -> str:
    level = h264_level(recipe.width, recipe.height, recipe.frame_rate)
    return f"{level // 10}.{level % 10}"


# -- sound


def _sound(recipe: AudioRecipe, span: Span) -> list[str]:
    mapped = ["-map", f"0:{recipe.stream}"]
    if recipe.action == "copy":
        return [*mapped, "-c:a", "copy"]
    begin = "" if span.first_sample is None else f":first_pts={span.first_sample}"
    rate = _SOUND_BIT_RATE.get(recipe.channels, 64_000 * recipe.channels)
    layout = {1: "mono", 2: "stereo", 6: "5.1"}.get(recipe.channels)
    return [
        *mapped,
        *("-af", f"aresample={SOUND_RATE}:async=1{begin}"),
        *("-c:a", _ENCODERS[recipe.codec], "-b:a", str(rate), "-ar", str(SOUND_RATE)),
        *(["-channel_layout:a", layout] if layout else ["-ac", str(recipe.channels)]),
    ]
