"""Which client plays which file how, and why: on real files, as our own prober knows them."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.library.media import StreamInfo
from app.playback.decision.decide import decide
from app.playback.decision.plans import Decision, SubtitleWish, Wishes
from app.playback.errors import NotPlayable
from app.playback.ladder import ladder
from app.playback.profiles import BUILT_IN, AudioSupport, ClientProfile, HdrKind, VideoSupport, profile_of
from app.playback.source import MediaSource, SubtitleBeside
from tests.fixtures.media import Media
from tests.playback.conftest import DECISIONS
from tests.playback.recipes import RECIPES, everything, make, source_of

TABLE: dict[str, dict[str, str]] = {
    # file: what Chrome, Safari, a television box, a desktop player and an old set-top box get
    "h264 aac mkv": {"chrome": "remux", "safari": "remux", "android-tv": "direct_play", "player": "direct_play"},
    "h264 aac mp4": {"chrome": "direct_play", "safari": "direct_play", "hls-ts": "remux"},
    "h264 10 bit": {"chrome": "transcode", "firefox": "transcode", "player": "direct_play"},
    "hevc 8 mp4": {"chrome": "transcode", "safari": "direct_play", "android-tv": "direct_play"},
    "hevc hev1 mp4": {"safari": "remux", "android-tv": "direct_play"},
    "hevc 10 eac3 mkv": {"chrome": "transcode", "safari": "remux", "android-tv": "direct_play"},
    "hdr10": {"chrome": "transcode", "safari": "remux", "player": "direct_play"},
    "hlg": {"firefox": "transcode", "safari": "remux", "android-tv": "direct_play"},
    "av1 opus webm": {"chrome": "direct_play", "firefox": "direct_play", "safari": "transcode"},
    "vp9 opus webm": {"chrome": "direct_play", "firefox": "direct_play", "safari": "transcode"},
    "mpeg2 interlaced mkv": {"chrome": "transcode", "android-tv": "transcode", "player": "direct_play"},
    "h264 ac3 ts": {"chrome": "transcode", "android-tv": "direct_play", "hls-ts": "transcode"},
    "mpeg4 mp3 avi": {"chrome": "transcode", "safari": "transcode", "player": "direct_play"},
    "h264 dts mkv": {"chrome": "transcode", "android-tv": "transcode", "player": "direct_play"},
    "h264 truehd mkv": {"safari": "transcode", "player": "direct_play"},
    "h264 flac mkv": {"chrome": "remux", "player": "direct_play"},
    "one keyframe": {"chrome": "remux"},
    "flac": {"chrome": "direct_play", "hls-ts": "transcode"},
    "opus": {"firefox": "direct_play", "safari": "transcode"},
    "mp3": {"chrome": "direct_play", "hls-ts": "remux"},
}


def codes(decision: Decision) -> set[str]:
    return {reason.code for reason in decision.reasons}


@pytest.mark.parametrize("name", RECIPES)
def test_how_a_file_is_played(media: Media, name: str) -> None:
    source = source_of(make(media, name))
    decisions = {client: decide(BUILT_IN[client], source) for client in TABLE[name]}
    DECISIONS[name] = decisions
    assert {client: decision.method for client, decision in decisions.items()} == TABLE[name]
    for decision in decisions.values():
        # What is not played as it is says why, and every stream that is converted has a reason of its own.
        assert bool(decision.reasons) == (decision.method != "direct_play")
        assert all(reason.text for reason in decision.reasons)
        for plan in [decision.video, *decision.audio]:
            assert plan is None or bool(plan.reasons) == (plan.action == "transcode")


@pytest.mark.parametrize(
    ("name", "client", "expected"),
    [
        ("h264 10 bit", "chrome", {"container", "video_profile", "video_bit_depth"}),
        ("hevc 10 eac3 mkv", "chrome", {"container", "video_codec", "audio_codec"}),
        ("hdr10", "firefox", {"container", "video_codec", "hdr"}),
        ("mpeg2 interlaced mkv", "chrome", {"container", "video_codec", "interlaced", "audio_codec"}),
        ("mpeg2 interlaced mkv", "android-tv", {"audio_codec"}),
        ("h264 ac3 ts", "hls-ts", {"container", "audio_codec"}),
        ("hevc hev1 mp4", "safari", {"codec_tag"}),
    ],
)
def test_reasons_name_what_is_in_the_way(media: Media, name: str, client: str, expected: set[str]) -> None:
    assert codes(decide(BUILT_IN[client], source_of(make(media, name)))) == expected


def test_what_can_be_copied_is(media: Media) -> None:
    """A sound that has to be converted does not cost the picture."""
    decision = decide(BUILT_IN["chrome"], source_of(make(media, "h264 dts mkv")))
    assert decision.video is not None
    assert (decision.video.action, decision.audio[0].action) == ("copy", "transcode")
    assert (decision.audio[0].codec, decision.audio[0].channels) == ("aac", 6)
    few = msgspec.structs.replace(BUILT_IN["chrome"], max_channels=2)
    assert decide(few, source_of(make(media, "h264 dts mkv"))).audio[0].channels == 2


def test_a_picture_that_cannot_be_cut_is_made_anew(media: Media) -> None:
    """A transport stream has no index; a film with a keyframe a minute cannot be sought in."""
    no_index = source_of(make(media, "h264 ac3 ts"))
    assert no_index.widest_gap_ms is None
    video = decide(BUILT_IN["chrome"], no_index).video
    assert video is not None
    assert [reason.code for reason in video.reasons] == ["keyframes_unknown"]
    sparse = msgspec.structs.replace(source_of(make(media, "h264 aac mkv")), widest_gap_ms=60_000)
    video = decide(BUILT_IN["chrome"], sparse).video
    assert video is not None
    assert [reason.code for reason in video.reasons] == ["keyframes_far_apart"]


def test_hdr_is_shown_in_standard_range_where_it_is_converted(media: Media) -> None:
    video = decide(BUILT_IN["firefox"], source_of(make(media, "hlg"))).video
    assert video is not None
    assert (video.tone_map, video.codec) == (True, "h264")


DOLBY = {"codec": "hevc", "profile": "Main 10", "level": 153, "bit_depth": 10, "hdr": "dolby_vision", "width": 3840,
         "height": 2160, "color_transfer": "smpte2084"}  # fmt: skip
"""As ffprobe and our prober tell of films of Dolby Vision, which FFmpeg cannot make."""


@pytest.mark.parametrize(
    ("client", "shows", "reasons"),
    [
        ("chrome", [], {"container", "video_codec", "hdr"}),
        ("safari", ["hdr10", "hlg"], {"container", "hdr"}),
        ("safari", ["hdr10", "hlg", "dolby_vision"], {"container"}),
        ("player", ["hdr10", "hdr10plus", "hlg", "dolby_vision"], set()),
    ],
)
def test_dolby_vision_goes_to_those_who_show_it(
    media: Media, client: str, shows: list[HdrKind], reasons: set[str]
) -> None:
    source = source_of(make(media, "hevc 10 eac3 mkv"))
    streams = [StreamInfo(index=0, kind="video", **DOLBY), *source.streams[1:]]  # type: ignore[arg-type]
    source = msgspec.structs.replace(source, streams=streams, widest_gap_ms=2000)
    decision = decide(msgspec.structs.replace(BUILT_IN[client], hdr=shows), source)
    assert codes(decision) - {"audio_codec"} == reasons
    assert decision.video is not None
    assert (decision.video.action == "transcode") == bool(reasons & {"video_codec", "hdr"})
    assert decision.video.tone_map


def test_the_chosen_sound(media: Media) -> None:
    source = source_of(everything(media))
    player = decide(BUILT_IN["player"], source, Wishes(audio=2))
    assert player.method == "direct_play"
    assert [(one.index, one.selected) for one in player.audio] == [(1, False), (2, True)]
    chrome = msgspec.structs.replace(BUILT_IN["chrome"], containers=["matroska"])
    assert decide(chrome, source).method == "direct_play"
    decision = decide(chrome, source, Wishes(audio=2))
    assert codes(decision) == {"audio_track", "audio_codec"}
    assert [(one.index, one.action, one.selected) for one in decision.audio] == [
        (1, "copy", False), (2, "transcode", True),
    ]  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        decide(chrome, source, Wishes(audio=0))
    assert refused.value.field == "audio"


def test_subtitles(media: Media) -> None:
    source = source_of(everything(media))
    beside = [SubtitleBeside(place=0, format="sup", language="de")]
    source = msgspec.structs.replace(source, beside=beside)

    def deliveries(client: str, wish: SubtitleWish | None = None, **wishes: bool) -> tuple[str, list[str]]:
        decision = decide(BUILT_IN[client], source, Wishes(subtitle=wish, **wishes))
        return decision.method, [f"{one.format} {one.delivery}" for one in decision.subtitles]

    inside = ["subrip inside", "ass inside"]
    assert deliveries("player") == ("direct_play", [*inside, "sup as_is"])
    assert deliveries("chrome") == ("remux", ["subrip vtt", "ass vtt"])
    assert deliveries("chrome", SubtitleWish(stream=3)) == ("remux", ["subrip vtt", "ass vtt"])
    assert deliveries("chrome", SubtitleWish(stream=4)) == ("transcode", ["subrip vtt", "ass burn"])
    assert deliveries("chrome", SubtitleWish(stream=4), keep_style=False) == ("remux", ["subrip vtt", "ass vtt"])
    assert deliveries("chrome", SubtitleWish(beside=0)) == ("transcode", ["subrip vtt", "ass vtt", "sup burn"])
    assert deliveries("player", SubtitleWish(beside=0)) == ("direct_play", [*inside, "sup as_is"])
    assert deliveries("player", SubtitleWish(stream=4), allow_direct_play=False)[1][:2] == ["subrip as_is", "ass as_is"]
    for missing in (SubtitleWish(stream=1), SubtitleWish(beside=1)):
        with pytest.raises(InvalidInput):
            decide(BUILT_IN["chrome"], source, Wishes(subtitle=missing))


@pytest.mark.parametrize(
    ("form", "chrome", "player"), [("vobsub", "burn", "as_is"), ("sup", "burn", "as_is"), ("sub", "vtt", "vtt")]
)
def test_what_lies_beside_goes_as_its_form_allows(media: Media, form: str, chrome: str, player: str) -> None:
    """A `.sub` alone is text; an `.idx` with its `.sub` is pictures."""
    source = source_of(make(media, "h264 aac mp4"))
    source = msgspec.structs.replace(source, beside=[SubtitleBeside(place=0, format=form)])

    for client, delivery in (("chrome", chrome), ("player", player)):
        decision = decide(BUILT_IN[client], source, Wishes(subtitle=SubtitleWish(beside=0)))
        assert [one.delivery for one in decision.subtitles] == [delivery]
        assert (decision.method == "transcode") == (delivery == "burn")


def test_limits_of_size_and_rate(media: Media) -> None:
    source = source_of(make(media, "h264 aac mp4"))
    small = msgspec.structs.replace(BUILT_IN["chrome"], max_width=80)
    decision = decide(small, source)
    assert codes(decision) == {"video_size"}
    assert decision.video is not None
    assert (decision.video.renditions[0].width, decision.video.renditions[0].height) == (80, 44)
    slow = msgspec.structs.replace(BUILT_IN["chrome"], max_bit_rate=100_000)
    assert codes(decide(slow, source)) == {"bit_rate", "video_bit_rate"}


def test_what_nobody_could_play_is_refused(media: Media) -> None:
    with pytest.raises(NotPlayable):
        decide(BUILT_IN["chrome"], MediaSource(container="matroska,webm", duration_ms=1))
    only_vp8 = ClientProfile(video=[VideoSupport(codec="vp8")], audio=[AudioSupport(codec="aac")])
    with pytest.raises(NotPlayable):
        decide(only_vp8, source_of(make(media, "h264 aac mkv")))
    only_dts = ClientProfile(video=[VideoSupport(codec="h264")], audio=[AudioSupport(codec="dts")])
    with pytest.raises(NotPlayable):
        decide(only_dts, source_of(make(media, "h264 aac mkv")))


def test_profiles_are_known_by_name_or_given() -> None:
    assert profile_of("chrome").name == "chrome"
    for wrong in ("netscape", ClientProfile(audio=[AudioSupport(codec="aac")], segments=[]), ClientProfile()):
        with pytest.raises(InvalidInput) as refused:
            profile_of(wrong)
        assert refused.value.field.startswith("profile")
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"video": [{"codec": "h264;rm -rf"}]}', type=ClientProfile)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"max_width": -1}', type=ClientProfile)


sizes = st.integers(2, 8_192)


@given(sizes, sizes, st.none() | st.integers(1, 100_000_000), st.none() | st.integers(64_000, 50_000_000))
def test_a_ladder_only_leads_down(width: int, height: int, bit_rate: int | None, most: int | None) -> None:
    rungs = ladder(width, height, bit_rate, max_bit_rate=most)
    assert rungs
    for rung in rungs:
        assert rung.width <= width
        assert rung.height <= height
        assert rung.width % 2 == rung.height % 2 == 0
        assert rung.bit_rate <= max(most or 16_000_000, 150_000)
    assert all(
        upper.width > lower.width and upper.bit_rate >= lower.bit_rate for upper, lower in itertools.pairwise(rungs)
    )


def test_a_ladder_of_full_hd() -> None:
    assert [(rung.width, rung.height) for rung in ladder(1920, 1080, 9_000_000)] == [
        (1920, 1080), (1280, 720), (854, 480), (640, 360),
    ]  # fmt: skip
    assert [rung.height for rung in ladder(1920, 800, None, max_bit_rate=2_000_000)] == [356, 266]
