"""Client profile × file → how it is played, with the reasons in words. Pure: nothing is read, run or stored.

The best that the client can take: the file as it is, else its streams in another container, else new streams for those
that it cannot take. A stream is converted only for a reason that is told.
"""

import msgspec

from app.library.media import StreamInfo
from app.playback.decision import pictures, sounds, subtitles
from app.playback.decision.plans import Decision, Reason, SubtitlePlan, Wishes, megabits
from app.playback.errors import NotPlayable
from app.playback.ladder import Rung
from app.playback.profiles import ClientProfile
from app.playback.source import MediaSource, codec_of, shown_size


def decide(profile: ClientProfile, source: MediaSource, wishes: Wishes | None = None) -> Decision:
    """Say how a file is played on a client.

    Raises:
        InvalidInput: a stream was wished for that the file has not.
        NotPlayable: there is no picture and no sound in it, or no form of them that the client takes.
    """
    wishes = wishes or Wishes()
    audio = sounds.chosen(source, wishes)
    if source.video is None and audio is None:
        raise NotPlayable("nothing in this file can be played: no picture and no sound was found in it")
    words = [subtitles.reaching(profile, one, wishes, is_file=True) for one in subtitles.all_of(source, wishes)]
    video_reasons = pictures.reasons_against(profile, source, burns=subtitles.burn(words))
    audio_reasons = [] if audio is None else sounds.reasons_against(profile, audio)
    file_reasons = _file_reasons(profile, source, audio, wishes)
    if not (video_reasons or audio_reasons or file_reasons):
        return _direct(source, audio, words)
    segments = profile.segments[0]
    words = [subtitles.reaching(profile, one, wishes, is_file=False) for one in words]
    video_reasons = pictures.reasons_against(profile, source, burns=subtitles.burn(words))
    video = pictures.plan(profile, source, video_reasons, segments, wishes)
    heard = sounds.plans(profile, source, audio, segments, wishes)
    is_remux = (video is None or video.action == "copy") and all(one.action == "copy" for one in heard if one.selected)
    return Decision(
        method="remux" if is_remux else "transcode",
        segments=segments,
        reasons=[*file_reasons, *video_reasons, *audio_reasons],
        video=video,
        audio=heard,
        subtitles=[one for one in words if one.selected or one.delivery != "burn"],
    )


def _direct(source: MediaSource, audio: StreamInfo | None, words: list[SubtitlePlan]) -> Decision:
    video, video_plan = source.video, None
    if video is not None:
        width, height = shown_size(video)
        rung = Rung(width=width, height=height, bit_rate=video.bit_rate or source.total_bit_rate or 0)
        video_plan = pictures.sent(video, "copy", codec_of(video), [rung])
    return Decision(
        method="direct_play",
        video=video_plan,
        audio=[sounds.copied(one, selected=one is audio) for one in source.audio],
        subtitles=[
            msgspec.structs.replace(one, delivery="inside")
            if one.stream is not None and one.delivery == "as_is"
            else one
            for one in words
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
        reasons.append(
            Reason("bit_rate", f"{megabits(rate)} are more than the {megabits(profile.max_bit_rate)} allowed")
        )
    video = source.video
    if video is not None and video.codec == "hevc" and profile.name == "safari" and video.codec_tag == "hev1":
        reasons.append(Reason("codec_tag", "Apple's players open HEVC in MP4 only under the name hvc1"))
    return reasons
