"""Playlists and segments of all kinds of films, held to the rules of HLS."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.fixtures.media import HDR10, SUBTITLES, Media
from tests.fixtures.playback import Player
from tests.playback import rules
from tests.playback.rules import Segment

SECONDS = 14
SMALL = ("-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=24:duration={SECONDS}")
LARGE = ("-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=24:duration={SECONDS}")
STORM_GRAPH = (
    f"nullsrc=size=320x180:rate=24:duration={SECONDS},format=yuv420p,"
    "geq=lum='if(between(T,5,9),random(1)*255,128)':cb=128:cr=128"
)
STORM = ("-f", "lavfi", "-i", STORM_GRAPH)
"""Nothing to be seen but for four seconds, in which no picture is like the one before."""
SINE = ("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={SECONDS}")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "24")
TWINS = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=eng")

FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "film": ("a.mkv", (*SMALL, *SINE, *X264, "-c:a", "aac")),
    "baseline": ("a.mkv", (*SMALL, *SINE, *X264, "-profile:v", "baseline", "-level", "3.1", "-c:a", "aac")),
    "large film": ("a.mkv", (*LARGE, *SINE, *X264, "-c:a", "aac")),
    "storm": ("a.mkv", (*STORM, *SINE, *X264, "-c:a", "aac")),
    "storm in mp4": ("a.mp4", (*STORM, *SINE, *X264, "-c:a", "aac")),
    "hevc": ("a.mkv", (*SMALL, *SINE, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le",
                       "-x265-params", f"{HDR10}:keyint=24", "-c:a", "eac3", "-ac", "6")),
    "two sounds alike": ("a.mkv", (*SMALL, *SINE, *SINE, "-map", "0", "-map", "1", "-map", "2", *X264, *TWINS,
                                   "-c:a", "aac", "-disposition:a", "0")),
    "sound": ("a.flac", (*SINE, "-c:a", "flac")),
}  # fmt: skip

ROWS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "copied": ("film", "chrome", {}),
    "converted": ("film", "chrome", {"allow_copy": False}),
    "baseline copied": ("baseline", "chrome", {}),
    "several renditions": ("large film", "chrome", {}),
    "several renditions, all converted": ("large film", "chrome", {"allow_copy": False}),
    "what is hard to keep small": ("storm", "chrome", {"allow_copy": False}),
    "what is large for a while": ("storm", "chrome", {}),
    "what is large for a while, of mp4": ("storm in mp4", "chrome", {"allow_direct_play": False}),
    "hevc for Apple": ("hevc", "safari", {"allow_direct_play": False}),
    "two sounds that are called alike": ("two sounds alike", "chrome", {}),
    "sound alone": ("sound", "chrome", {"allow_direct_play": False}),
    "in a transport stream": ("film", "hls-ts", {}),
    "subtitles": ("subtitles", "chrome", {}),
}


def make(media: Media, name: str) -> Path:
    if name == "subtitles":
        words = ("-f", "srt", "-i", "{0}", "-f", "srt", "-i", "{0}")
        maps = ("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-metadata:s:s:0", "language=deu")
        flags = ("-metadata:s:s:1", "language=deu", "-disposition:s:1", "forced", "-c:s", "srt")
        return media.make("a.mkv", *SMALL, *SINE, *words, *maps, *X264, "-c:a", "aac", *flags, texts=(SUBTITLES,))
    file, arguments = FILES[name]
    return media.make(file, *arguments)


@pytest.mark.parametrize("row", ROWS)
async def test_the_rules_hold(player: Player, media: Media, row: str) -> None:
    name, profile, wishes = ROWS[row]
    path = await asyncio.to_thread(make, media, name)
    playing = await player.play(await player.add(path, f"{row}{path.suffix}"), profile, **wishes)
    master = (await player.get(playing["url"])).text

    assert list(rules.check_master(master)) == []
    variants, groups = rules.tags(master, "#EXT-X-STREAM-INF"), rules.tags(master, "#EXT-X-MEDIA")
    found: dict[str, tuple[str, list[Segment], bytes]] = {}
    for place in [*(one.next_line for one in variants), *(one.text("URI") for one in groups)]:
        found[place] = await fetched(player, urljoin(playing["url"], place))
        assert list(rules.check_media(found[place][0])) == [], place
    sounds = [one.text("URI") for one in groups if one.text("TYPE") == "AUDIO"]
    assert list(rules.same_cuts([found[place][0] for place in [*(one.next_line for one in variants), *sounds]])) == []
    for variant in variants:
        text, segments, init = found[variant.next_line]
        target = int(rules.value(text, "#EXT-X-TARGETDURATION") or 0)
        beside = max((rules.peak_rate(found[place][1], target) for place in sounds), default=0)
        assert rules.peak_rate(segments, target) + beside <= int(variant.text("BANDWIDTH")), variant
        if codec := rules.codec_of_header(init):
            told = variant.text("CODECS").split(",")[0]
            assert (told[:7], told[-2:]) == (codec[:7], codec[-2:]), "profile and level are those of the stream"
        if "hvc1" in variant.text("CODECS"):
            assert rules.tag_of_header(init) == "hvc1"


async def fetched(player: Player, url: str) -> tuple[str, list[Segment], bytes]:
    """Return a playlist, what its segments take, and its header."""
    text = (await player.get(url)).text
    lines = text.splitlines()
    durations = [float(line[8:].partition(",")[0]) for line in lines if line.startswith("#EXTINF:")]
    names = [line for line in lines if line and not line.startswith("#")]
    maps = rules.tags(text, "#EXT-X-MAP")
    init = (await player.get(urljoin(url, maps[0].text("URI")))).content if maps else b""
    sizes = [len((await player.get(urljoin(url, name))).content) for name in names]
    return text, [Segment(*pair) for pair in zip(durations, sizes, strict=True)], init


def test_broken_rules_are_found() -> None:
    """The control: playlists that break one rule each."""
    media = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    segment = '#EXT-X-MAP:URI="i"\n#EXTINF:4.000,\n0.m4s\n#EXT-X-ENDLIST\n'
    assert list(rules.check_media(media + segment)) == []
    for broken in (
        segment.replace("4.000", "4.600"),
        segment.replace('#EXT-X-MAP:URI="i"\n', ""),
        segment.replace("#EXT-X-ENDLIST\n", ""),
        segment.replace("#EXT-X-ENDLIST", "#EXTINF:1.0,\n0.m4s\n#EXT-X-ENDLIST"),
    ):
        assert list(rules.check_media(media + broken)), broken
    variant = 'BANDWIDTH=9,AVERAGE-BANDWIDTH=8,RESOLUTION=2x2,CODECS="avc1.640028,mp4a.40.2",FRAME-RATE=24.000'
    sound = 'TYPE=AUDIO,GROUP-ID="s",NAME="N",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a"'
    head = f"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA:{sound}\n"
    master = f'{head}#EXT-X-STREAM-INF:{variant},AUDIO="s"\nv\n'
    assert list(rules.check_master(master)) == []
    for was, broken in (
        ("#EXT-X-INDEPENDENT-SEGMENTS\n", ""),
        ('AUDIO="s"\nv', 'AUDIO="t"\nv'),
        ("BANDWIDTH=9", "BANDWIDTH=7"),
        ("avc1.640028", "h264"),
        ("DEFAULT=YES", "DEFAULT=NO"),
        ('LANGUAGE="en"', 'LANGUAGE="eng"'),
        ('CHANNELS="2"', "CHANNELS=2"),
        (f"#EXT-X-MEDIA:{sound}\n", f"#EXT-X-MEDIA:{sound}\n" * 2),
    ):
        assert was in master
        assert list(rules.check_master(master.replace(was, broken))), broken


def test_a_peak_is_that_of_segments_in_a_row() -> None:
    segments = [Segment(4, 1000), Segment(4, 4000), Segment(1, 4000), Segment(4, 1000)]
    assert rules.peak_rate(segments, 4) == 8000 * 8 / 5
