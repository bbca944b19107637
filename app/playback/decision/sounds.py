"""Sounds: which one is chosen, why it has to be made anew, and what of."""

import msgspec

from app.errors import InvalidInput
from app.library.media import StreamInfo
from app.playback.decision.plans import AudioPlan, Reason, Wishes
from app.playback.errors import NotPlayable
from app.playback.profiles import AudioSupport, ClientProfile
from app.playback.source import MediaSource, codec_of

SEGMENT_AUDIO = {
    "fmp4": frozenset({"aac", "ac3", "eac3", "flac", "opus", "alac"}),
    "mpegts": frozenset({"aac", "mp3", "ac3", "eac3"}),
}
"""What may be copied into segments. More fits by the book than players take."""

MADE_AUDIO = {"fmp4": ("aac", "opus", "ac3"), "mpegts": ("aac", "ac3", "mp3")}
"""What sound is converted to, the first that the client takes."""

SURROUND = 6


def chosen(source: MediaSource, wishes: Wishes) -> StreamInfo | None:
    if wishes.audio is not None:
        found = next((stream for stream in source.audio if stream.index == wishes.audio), None)
        if found is None:
            raise InvalidInput("audio", f"the file has no sound numbered {wishes.audio}")
        return found
    return next((one for one in source.audio if "default" in one.dispositions), next(iter(source.audio), None))


def _support_of(profile: ClientProfile, codec: str) -> AudioSupport | None:
    return next((one for one in profile.audio if one.codec == codec), None)


def reasons_against(profile: ClientProfile, audio: StreamInfo) -> list[Reason]:
    support = _support_of(profile, codec_of(audio))
    if support is None:
        return [Reason("audio_codec", f"{profile.name} does not decode {codec_of(audio)}")]
    most = min(support.max_channels, profile.max_channels or support.max_channels)
    if audio.channels is not None and audio.channels > most:
        return [Reason("audio_channels", f"{profile.name} plays {most} channels, and this has {audio.channels}")]
    return []


def plans(
    profile: ClientProfile, source: MediaSource, chosen: StreamInfo | None, segments: str, wishes: Wishes
) -> list[AudioPlan]:
    # In a transport stream sound and picture travel together, so there is one of each.
    offered = source.audio if segments == "fmp4" else [one for one in source.audio if one is chosen]
    return [_plan(profile, one, segments, wishes, selected=one is chosen) for one in offered]


def _plan(profile: ClientProfile, audio: StreamInfo, segments: str, wishes: Wishes, *, selected: bool) -> AudioPlan:
    reasons = reasons_against(profile, audio)
    if not reasons and codec_of(audio) not in SEGMENT_AUDIO[segments]:
        reasons = [Reason("segments", f"{codec_of(audio)} is not sent in {segments} segments")]
    if not reasons and not wishes.allow_copy:
        reasons = [Reason("not_wanted", "it was asked not to be copied")]
    if not reasons:
        return copied(audio, selected=selected)
    target = next((codec for codec in MADE_AUDIO[segments] if _support_of(profile, codec)), None)
    if target is None:
        raise NotPlayable(f"{profile.name} takes neither this sound nor any that it could be converted to")
    support = _support_of(profile, target)
    most = min(support.max_channels if support else 2, profile.max_channels or SURROUND, audio.channels or 2)
    channels = SURROUND if most >= SURROUND else min(most, 2)
    made = copied(audio, selected=selected)
    return msgspec.structs.replace(
        made, action="transcode", codec=target, channels=channels, bit_rate=None, reasons=reasons
    )


def copied(audio: StreamInfo, *, selected: bool) -> AudioPlan:
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
