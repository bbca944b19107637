"""The picture: why it has to be made anew, or what is offered of it."""

from typing import Literal

import msgspec

from app.library.media import StreamInfo
from app.playback.decision.plans import Reason, VideoPlan, Wishes, megabits
from app.playback.errors import NotPlayable
from app.playback.ladder import Rung, ladder
from app.playback.profiles import ClientProfile, VideoSupport
from app.playback.source import MediaSource, codec_of, is_interlaced, shown_size

SEGMENT_VIDEO = {
    "fmp4": frozenset({"h264", "hevc", "av1", "vp9"}),
    "mpegts": frozenset({"h264"}),
}
"""What may be copied into segments. More fits by the book than players take."""

MAX_GAP_MS = 20_000
"""Between two keyframes. A copy can be cut nowhere else, and a seek into it waits for as much to be read."""

HDR_SHOWN_BY = {"hdr10": {"hdr10"}, "pq": {"hdr10"}, "hdr10plus": {"hdr10plus", "hdr10"}, "hlg": {"hlg"},
                "dolby_vision": {"dolby_vision"}}  # fmt: skip


def reasons_against(profile: ClientProfile, source: MediaSource, *, burns: bool) -> list[Reason]:
    """Say why the picture has to be made anew; nothing for one that can be sent as it is."""
    video = source.video
    if video is None:
        return []
    reasons = [Reason("subtitle_burn", "the chosen subtitles become part of the picture")] if burns else []
    support = [one for one in profile.video if one.codec == codec_of(video)]
    if not support:
        reasons.append(Reason("video_codec", f"{profile.name} does not decode {codec_of(video)}"))
    else:
        mildest: list[Reason] = min([_reasons_of_decoder(profile, one, video) for one in support], key=len)
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
        allowed = megabits(profile.max_bit_rate)
        reasons.append(Reason("video_bit_rate", f"the picture's {megabits(rate)} are more than the {allowed} allowed"))
    return reasons


def _reasons_of_decoder(profile: ClientProfile, support: VideoSupport, video: StreamInfo) -> list[Reason]:
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


def _reasons_against_cutting(source: MediaSource, video: StreamInfo, segments: str, wishes: Wishes) -> list[Reason]:
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


def plan(
    profile: ClientProfile, source: MediaSource, reasons: list[Reason], segments: str, wishes: Wishes
) -> VideoPlan | None:
    video = source.video
    if video is None:
        return None
    reasons = reasons or _reasons_against_cutting(source, video, segments, wishes)
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
        plan = sent(video, "copy", codec_of(video), [copied, *smaller])
        return msgspec.structs.replace(plan, peak_bit_rate=source.peak_bit_rate)
    if not takes_h264:
        raise NotPlayable(f"{profile.name} takes neither this picture nor H.264, which it would be converted to")
    return sent(video, "transcode", "h264", rungs if wishes.ladder else rungs[:1], reasons)


def sent(
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
