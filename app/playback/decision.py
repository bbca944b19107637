"""Client profile × file → how it is played, with the reasons in words. Pure: nothing is read, run or stored.

The best that the client can take: the file as it is, else its streams in another container, else new streams for those
that it cannot take. A stream is converted only for a reason that is told.
"""

from typing import Literal

import msgspec

from app.errors import InvalidInput
from app.library.media import StreamInfo
from app.playback.errors import NotPlayable
from app.playback.ladder import Rung, ladder
from app.playback.profiles import AudioSupport, ClientProfile, VideoSupport
from app.playback.source import PICTURES, STYLED, TEXTS, MediaSource, codec_of, is_interlaced, shown_size

SEGMENT_VIDEO = {
    "fmp4": frozenset({"h264", "hevc", "av1", "vp9"}),
    "mpegts": frozenset({"h264"}),
}
SEGMENT_AUDIO = {
    "fmp4": frozenset({"aac", "ac3", "eac3", "flac", "opus", "alac"}),
    "mpegts": frozenset({"aac", "mp3", "ac3", "eac3"}),
}
"""What may be copied into segments. More fits by the book than players take."""

MADE_AUDIO = {"fmp4": ("aac", "opus", "ac3"), "mpegts": ("aac", "ac3", "mp3")}
"""What sound is converted to, the first that the client takes."""

SURROUND = 6
MAX_GAP_MS = 20_000
"""Between two keyframes. A copy can be cut nowhere else, and a seek into it waits for as much to be read."""

HDR_SHOWN_BY = {"hdr10": {"hdr10"}, "pq": {"hdr10"}, "hdr10plus": {"hdr10plus", "hdr10"}, "hlg": {"hlg"},
                "dolby_vision": {"dolby_vision"}}  # fmt: skip


class Reason(msgspec.Struct, frozen=True):
    """Why something is not sent as it is. `code` is stable, `text` is for people."""

    code: str
    text: str


class VideoPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    index: int
    action: Literal["copy", "transcode"]
    codec: str
    """As it is sent."""
    renditions: list[Rung]
    """Sizes and rates it is offered in, the best first. With a copy the first is the copy itself."""
    reasons: list[Reason] = []
    tone_map: bool = False
    deinterlace: bool = False
    profile: str | None = None
    level: int | None = None
    bit_depth: int | None = None
    peak_bit_rate: int | None = None
    """Of the file's own picture."""


class AudioPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    index: int
    action: Literal["copy", "transcode"]
    codec: str
    channels: int
    selected: bool
    bit_rate: int | None = None
    """Of the file's own sound."""
    reasons: list[Reason] = []
    language: str | None = None
    title: str | None = None
    dispositions: list[str] = []


class SubtitlePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the two numbers says where it comes from."""

    stream: int | None = None
    beside: int | None = None
    delivery: Literal["inside", "as_is", "vtt", "burn"]
    """Read by the client from the file; a file of its own; the same as WebVTT; part of the picture."""
    format: str
    selected: bool
    language: str | None = None
    title: str | None = None
    flags: list[str] = []


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    method: Literal["direct_play", "remux", "transcode"]
    segments: Literal["fmp4", "mpegts"] | None = None
    """Of HLS; left out for the file as it is."""
    reasons: list[Reason] = []
    """Why the file is not played as it is."""
    video: VideoPlan | None = None
    audio: list[AudioPlan] = []
    subtitles: list[SubtitlePlan] = []


class SubtitleWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which subtitles: of the file's streams, or of those beside it."""

    stream: int | None = None
    beside: int | None = None


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    audio: int | None = None
    """A stream's index. None: the default one."""
    subtitle: SubtitleWish | None = None
    keep_style: bool = True
    """Make styled subtitles part of the picture where the client cannot draw them; else they become plain text."""
    allow_direct_play: bool = True
    allow_copy: bool = True
    ladder: bool = True
    """Offer smaller renditions beside the best one."""


def decide(profile: ClientProfile, source: MediaSource, wishes: Wishes | None = None) -> Decision:
    """Say how a file is played on a client.

    Raises:
        InvalidInput: a stream was wished for that the file has not.
        NotPlayable: there is no picture and no sound in it, or no form of them that the client takes.
    """
    wishes = wishes or Wishes()
    audio = _chosen_audio(source, wishes)
    if source.video is None and audio is None:
        raise NotPlayable("nothing in this file can be played: no picture and no sound was found in it")
    subtitles = [_subtitle(profile, one, wishes, is_file=True) for one in _all_subtitles(source, wishes)]
    video_reasons = _video_reasons(profile, source, burns=_burns(subtitles))
    audio_reasons = [] if audio is None else _audio_reasons(profile, audio)
    file_reasons = _file_reasons(profile, source, audio, wishes)
    if not (video_reasons or audio_reasons or file_reasons):
        return _direct(source, audio, subtitles)
    segments = profile.segments[0]
    subtitles = [_subtitle(profile, one, wishes, is_file=False) for one in subtitles]
    video_reasons = _video_reasons(profile, source, burns=_burns(subtitles))
    video = _video_plan(profile, source, video_reasons, segments, wishes)
    sounds = _audio_plans(profile, source, audio, segments, wishes)
    is_remux = (video is None or video.action == "copy") and all(one.action == "copy" for one in sounds if one.selected)
    return Decision(
        method="remux" if is_remux else "transcode",
        segments=segments,
        reasons=[*file_reasons, *video_reasons, *audio_reasons],
        video=video,
        audio=sounds,
        subtitles=[one for one in subtitles if one.selected or one.delivery != "burn"],
    )


# -- the file as it is


def _direct(source: MediaSource, audio: StreamInfo | None, subtitles: list[SubtitlePlan]) -> Decision:
    video, video_plan = source.video, None
    if video is not None:
        width, height = shown_size(video)
        rung = Rung(width=width, height=height, bit_rate=video.bit_rate or source.total_bit_rate or 0)
        video_plan = _of_stream(video, "copy", codec_of(video), [rung])
    return Decision(
        method="direct_play",
        video=video_plan,
        audio=[_copied(one, selected=one is audio) for one in source.audio],
        subtitles=[
            msgspec.structs.replace(one, delivery="inside")
            if one.stream is not None and one.delivery == "as_is"
            else one
            for one in subtitles
            if one.delivery != "burn"
        ],
    )


def _file_reasons(
    profile: ClientProfile, source: MediaSource, audio: StreamInfo | None, wishes: Wishes
) -> list[Reason]:
    reasons: list[Reason] = []
    if not wishes.allow_direct_play:
        reasons.append(Reason("not_wanted", "it was asked not to be played as it is"))
    if source.family not in profile.containers:
        reasons.append(Reason("container", f"{profile.name} does not open {source.family} files"))
    if audio is not None and audio is not source.audio[0] and not profile.selects_tracks:
        reasons.append(Reason("audio_track", f"{profile.name} plays the first sound of a file, and another was chosen"))
    rate = source.total_bit_rate
    if profile.max_bit_rate and rate and rate > profile.max_bit_rate:
        reasons.append(Reason("bit_rate", f"{_mbit(rate)} are more than the {_mbit(profile.max_bit_rate)} allowed"))
    video = source.video
    if video is not None and video.codec == "hevc" and profile.name == "safari" and video.codec_tag == "hev1":
        reasons.append(Reason("codec_tag", "Apple's players open HEVC in MP4 only under the name hvc1"))
    return reasons


# -- pictures


def _video_reasons(profile: ClientProfile, source: MediaSource, *, burns: bool) -> list[Reason]:
    """Say why the picture has to be made anew; nothing for one that can be sent as it is."""
    video = source.video
    if video is None:
        return []
    reasons = [Reason("subtitle_burn", "the chosen subtitles become part of the picture")] if burns else []
    support = [one for one in profile.video if one.codec == codec_of(video)]
    if not support:
        reasons.append(Reason("video_codec", f"{profile.name} does not decode {codec_of(video)}"))
    else:
        mildest: list[Reason] = min([_codec_reasons(profile, one, video) for one in support], key=len)
        reasons += mildest
    if video.hdr and not HDR_SHOWN_BY.get(video.hdr, {video.hdr}) & set(profile.hdr):
        reasons.append(Reason("hdr", f"{profile.name} does not show {video.hdr}"))
    if is_interlaced(video) and not profile.interlaced:
        reasons.append(Reason("interlaced", f"{profile.name} does not make whole pictures of half ones"))
    width, height = shown_size(video)
    if (profile.max_width and width > profile.max_width) or (profile.max_height and height > profile.max_height):
        limit = f"{profile.max_width or 'any'}×{profile.max_height or 'any'}"
        reasons.append(Reason("video_size", f"{width}×{height} is larger than {limit}"))
    rate = video.bit_rate or source.total_bit_rate
    if profile.max_bit_rate and rate and rate > profile.max_bit_rate:
        allowed = _mbit(profile.max_bit_rate)
        reasons.append(Reason("video_bit_rate", f"the picture's {_mbit(rate)} are more than the {allowed} allowed"))
    return reasons


def _codec_reasons(profile: ClientProfile, support: VideoSupport, video: StreamInfo) -> list[Reason]:
    reasons: list[Reason] = []
    codec, who = codec_of(video), profile.name
    allowed = None if support.profiles is None else {name.casefold() for name in support.profiles}
    if allowed is not None and video.profile is not None and video.profile.casefold() not in allowed:
        reasons.append(Reason("video_profile", f"{who} does not decode profile {video.profile} of {codec}"))
    if support.max_level is not None and video.level is not None and video.level > support.max_level:
        reasons.append(
            Reason("video_level", f"{who} decodes {codec} up to level {support.max_level}, and this is {video.level}")
        )
    if video.bit_depth is not None and video.bit_depth > support.bit_depth:
        reasons.append(
            Reason(
                "video_bit_depth", f"{who} decodes {support.bit_depth} bits of {codec}, and this has {video.bit_depth}"
            )
        )
    if support.max_frame_rate and video.frame_rate and video.frame_rate > support.max_frame_rate:
        reasons.append(Reason("video_frame_rate", f"{video.frame_rate:g} pictures a second are too many for {who}"))
    return reasons


def _copy_reasons(source: MediaSource, video: StreamInfo, segments: str, wishes: Wishes) -> list[Reason]:
    """Say why a picture that the client takes cannot be cut into segments all the same."""
    reasons: list[Reason] = []
    if not wishes.allow_copy:
        reasons.append(Reason("not_wanted", "it was asked not to be copied"))
    if codec_of(video) not in SEGMENT_VIDEO[segments]:
        reasons.append(Reason("segments", f"{codec_of(video)} is not sent in {segments} segments"))
    if source.widest_gap_ms is None:
        reasons.append(Reason("keyframes_unknown", "the file does not tell where it can be cut"))
    elif source.widest_gap_ms > MAX_GAP_MS:
        apart = source.widest_gap_ms // 1000
        reasons.append(Reason("keyframes_far_apart", f"the file can be cut every {apart} s only"))
    return reasons


def _video_plan(
    profile: ClientProfile, source: MediaSource, reasons: list[Reason], segments: str, wishes: Wishes
) -> VideoPlan | None:
    video = source.video
    if video is None:
        return None
    reasons = reasons or _copy_reasons(source, video, segments, wishes)
    width, height = shown_size(video)
    rate = video.bit_rate or source.total_bit_rate
    rungs = ladder(
        width,
        height,
        rate,
        max_width=profile.max_width,
        max_height=profile.max_height,
        max_bit_rate=profile.max_bit_rate,
    )
    takes_h264 = any(one.codec == "h264" for one in profile.video)
    if not reasons:
        copied = Rung(width=width, height=height, bit_rate=rate or rungs[0].bit_rate)
        smaller = [rung for rung in rungs if rung.width < width] if takes_h264 and wishes.ladder else []
        plan = _of_stream(video, "copy", codec_of(video), [copied, *smaller])
        return msgspec.structs.replace(plan, peak_bit_rate=source.peak_bit_rate)
    if not takes_h264:
        raise NotPlayable(f"{profile.name} takes neither this picture nor H.264, which it would be converted to")
    return _of_stream(video, "transcode", "h264", rungs if wishes.ladder else rungs[:1], reasons)


def _of_stream(
    video: StreamInfo,
    action: Literal["copy", "transcode"],
    codec: str,
    rungs: list[Rung],
    reasons: list[Reason] | None = None,
) -> VideoPlan:
    return VideoPlan(
        index=video.index,
        action=action,
        codec=codec,
        renditions=rungs,
        reasons=reasons or [],
        tone_map=bool(video.hdr),
        deinterlace=is_interlaced(video),
        profile=video.profile,
        level=video.level,
        bit_depth=video.bit_depth,
    )


# -- sound


def _chosen_audio(source: MediaSource, wishes: Wishes) -> StreamInfo | None:
    if wishes.audio is not None:
        found = next((stream for stream in source.audio if stream.index == wishes.audio), None)
        if found is None:
            raise InvalidInput("audio", f"the file has no sound numbered {wishes.audio}")
        return found
    return next((one for one in source.audio if "default" in one.dispositions), next(iter(source.audio), None))


def _support_of(profile: ClientProfile, codec: str) -> AudioSupport | None:
    return next((one for one in profile.audio if one.codec == codec), None)


def _audio_reasons(profile: ClientProfile, audio: StreamInfo) -> list[Reason]:
    support = _support_of(profile, codec_of(audio))
    if support is None:
        return [Reason("audio_codec", f"{profile.name} does not decode {codec_of(audio)}")]
    most = min(support.max_channels, profile.max_channels or support.max_channels)
    if audio.channels is not None and audio.channels > most:
        return [Reason("audio_channels", f"{profile.name} plays {most} channels, and this has {audio.channels}")]
    return []


def _audio_plans(
    profile: ClientProfile, source: MediaSource, chosen: StreamInfo | None, segments: str, wishes: Wishes
) -> list[AudioPlan]:
    # In a transport stream sound and picture travel together, so there is one of each.
    offered = source.audio if segments == "fmp4" else [one for one in source.audio if one is chosen]
    return [_audio_plan(profile, one, segments, wishes, selected=one is chosen) for one in offered]


def _audio_plan(
    profile: ClientProfile, audio: StreamInfo, segments: str, wishes: Wishes, *, selected: bool
) -> AudioPlan:
    reasons = _audio_reasons(profile, audio)
    if not reasons and codec_of(audio) not in SEGMENT_AUDIO[segments]:
        reasons = [Reason("segments", f"{codec_of(audio)} is not sent in {segments} segments")]
    if not reasons and not wishes.allow_copy:
        reasons = [Reason("not_wanted", "it was asked not to be copied")]
    if not reasons:
        return _copied(audio, selected=selected)
    target = next((codec for codec in MADE_AUDIO[segments] if _support_of(profile, codec)), None)
    if target is None:
        raise NotPlayable(f"{profile.name} takes neither this sound nor any that it could be converted to")
    support = _support_of(profile, target)
    most = min(support.max_channels if support else 2, profile.max_channels or SURROUND, audio.channels or 2)
    channels = SURROUND if most >= SURROUND else min(most, 2)
    made = _copied(audio, selected=selected)
    return msgspec.structs.replace(
        made, action="transcode", codec=target, channels=channels, bit_rate=None, reasons=reasons
    )


def _copied(audio: StreamInfo, *, selected: bool) -> AudioPlan:
    return AudioPlan(
        index=audio.index,
        action="copy",
        codec=codec_of(audio),
        channels=audio.channels or 2,
        selected=selected,
        bit_rate=audio.bit_rate,
        language=audio.language,
        title=audio.title,
        dispositions=audio.dispositions,
    )


# -- subtitles


def _all_subtitles(source: MediaSource, wishes: Wishes) -> list[SubtitlePlan]:
    wish = wishes.subtitle or SubtitleWish()
    found = [
        SubtitlePlan(stream=one.index, delivery="as_is", format=one.codec or "unknown", language=one.language,
                     title=one.title, flags=one.dispositions, selected=one.index == wish.stream)
        for one in source.subtitles
    ] + [
        SubtitlePlan(beside=one.place, delivery="as_is", format=one.format, language=one.language,
                     title=one.title, flags=one.flags, selected=one.place == wish.beside)
        for one in source.beside
    ]  # fmt: skip
    if wish != SubtitleWish() and not any(one.selected for one in found):
        raise InvalidInput("subtitle", "the file has no such subtitles, neither inside nor beside it")
    return found


def _burns(plans: list[SubtitlePlan]) -> bool:
    return any(one.selected and one.delivery == "burn" for one in plans)


def _subtitle(profile: ClientProfile, plan: SubtitlePlan, wishes: Wishes, *, is_file: bool) -> SubtitlePlan:
    """Say how subtitles reach the client: of a file that it reads itself, or beside segments."""
    kinds = set(profile.subtitles)
    reads = plan.beside is not None or not is_file or profile.selects_tracks
    burn = plan.selected and wishes.keep_style
    delivery: Literal["inside", "as_is", "vtt", "burn"] = "vtt" if "vtt" in kinds else "burn"
    if plan.format not in TEXTS:
        # Pictures that lie in the file can be handed over as a stream of their own in the form of discs only.
        whole = is_file or plan.beside is not None or plan.format == "hdmv_pgs_subtitle"
        delivery = "as_is" if reads and whole and PICTURES.get(plan.format) in kinds else "burn"
    elif plan.format in STYLED:
        delivery = "as_is" if reads and "ass" in kinds else "burn" if burn else delivery
    elif plan.format in ("subrip", "srt") and reads and "srt" in kinds:
        delivery = "as_is"
    return msgspec.structs.replace(plan, delivery=delivery)


def _mbit(rate: int) -> str:
    return f"{rate / 1_000_000:.1f} Mbit/s"
