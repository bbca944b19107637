"""The rules of HLS that a playlist and its segments can be held to: RFC 8216, and what Apple's players demand beyond.

`check` returns every broken rule in words. It reads what was sent and nothing of ours.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

MEDIA_ONLY = ("#EXTINF", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-PLAYLIST-TYPE", "#EXT-X-ENDLIST")
ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^,"\s]+)(?:,|$)')
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
CODECS = {
    "avc1": r"avc1\.[0-9a-f]{6}", "hvc1": r"hvc1\.[ABC]?\d{1,2}\.[0-9A-F]{1,8}\.[LH]\d{1,3}(\.[0-9A-F]{1,2}){0,6}",
    "av01": r"av01\.\d\.\d{2}[MH]\.\d{2}", "vp09": r"vp09\.\d{2}\.\d{2}\.\d{2}", "mp4a": r"mp4a\.40\.(2|5|29|34)",
    "ac-3": "ac-3", "ec-3": "ec-3", "Opus": "Opus", "fLaC": "fLaC", "alac": "alac",
}  # fmt: skip
MASTER_VERSION, MAP_VERSION, FLOAT_VERSION = 1, 6, 3


@dataclass(frozen=True, slots=True)
class Tag:
    name: str
    attributes: dict[str, str]
    next_line: str

    def text(self, name: str) -> str:
        return self.attributes.get(name, "").strip('"')


@dataclass(frozen=True, slots=True)
class Segment:
    seconds: float
    size: int
    """Bytes."""


def tags(text: str, name: str) -> list[Tag]:
    """Return every tag of this name with its attributes, and the line behind it."""
    lines = text.splitlines()
    found = []
    for place, line in enumerate(lines):
        if line.startswith(f"{name}:"):
            after = lines[place + 1] if place + 1 < len(lines) else ""
            found.append(Tag(name, dict(ATTRIBUTE.findall(line.partition(":")[2])), after))
    return found


def value(text: str, name: str) -> str | None:
    found = re.search(rf"^{name}:(.*)$", text, re.MULTILINE)
    return found[1] if found else None


# -- masters


def check_master(text: str) -> Iterator[str]:
    lines = text.splitlines()
    if lines[:1] != ["#EXTM3U"]:
        yield "a playlist begins with #EXTM3U"
    if text.count("#EXT-X-VERSION") != 1 or not (value(text, "#EXT-X-VERSION") or "").isdecimal():
        yield "a playlist tells one version"
    if "#EXT-X-INDEPENDENT-SEGMENTS" not in lines:
        yield "masters say that segments can be decoded by themselves"
    yield from (f"{tag} is for media playlists" for tag in MEDIA_ONLY if tag in text)
    groups = tags(text, "#EXT-X-MEDIA")
    yield from _check_groups(groups)
    variants = tags(text, "#EXT-X-STREAM-INF")
    if not variants:
        yield "a master has variants"
    for variant in variants:
        yield from _check_variant(variant, groups)
    rates = [int(variant.text("BANDWIDTH") or 0) for variant in variants]
    if len(set(rates)) != len(rates):
        yield "variants differ in BANDWIDTH"


def _check_groups(groups: list[Tag]) -> Iterator[str]:
    members: dict[tuple[str, str], list[Tag]] = {}
    for tag in groups:
        members.setdefault((tag.text("TYPE"), tag.text("GROUP-ID")), []).append(tag)
        yield from _check_rendition(tag)
    for (kind, group), of_group in members.items():
        names = [tag.text("NAME") for tag in of_group]
        if len(set(names)) != len(names):
            yield f"{group}: names of a group's members differ: {names}"
        if sum(tag.text("DEFAULT") == "YES" for tag in of_group) > 1:
            yield f"{group}: one member at most is the default"
        if kind == "AUDIO" and not any(tag.text("DEFAULT") == "YES" for tag in of_group):
            yield f"{group}: one sound is the default"
        chosen = [
            (tag.text("LANGUAGE"), tag.text("FORCED"), tag.text("CHARACTERISTICS"), tag.text("CHANNELS"))
            for tag in of_group
            if tag.text("AUTOSELECT") == "YES"
        ]
        if len(set(chosen)) != len(chosen):
            yield f"{group}: members that are chosen by themselves can be told apart: {chosen}"


def _check_rendition(tag: Tag) -> Iterator[str]:
    kind = tag.text("TYPE")
    for name in ("GROUP-ID", "NAME", "URI"):
        if not tag.attributes.get(name, "").startswith('"') or not tag.text(name):
            yield f"{kind}: {name} is there, and quoted"
    if "LANGUAGE" in tag.attributes and not LANGUAGE.fullmatch(tag.text("LANGUAGE")):
        yield f"LANGUAGE is one of BCP 47: {tag.text('LANGUAGE')}"
    if len(tag.text("LANGUAGE")) == 3 and tag.text("LANGUAGE") in {"eng", "deu", "ger", "fra", "fre", "spa", "jpn"}:
        yield f"LANGUAGE is the shortest there is: {tag.text('LANGUAGE')}"
    if tag.text("DEFAULT") == "YES" and tag.text("AUTOSELECT") not in ("", "YES"):
        yield "a default may be chosen by itself"
    if "FORCED" in tag.attributes and kind != "SUBTITLES":
        yield "FORCED is for subtitles"
    if kind == "AUDIO" and not re.fullmatch(r'"\d+(/.*)?"', tag.attributes.get("CHANNELS", "")):
        yield "sounds tell their CHANNELS, quoted"


def _check_variant(variant: Tag, groups: list[Tag]) -> Iterator[str]:
    if not variant.next_line or variant.next_line.startswith("#"):
        yield "behind a variant stands its address"
    rate, average = variant.text("BANDWIDTH"), variant.text("AVERAGE-BANDWIDTH")
    if not rate.isdecimal() or (average and int(average) > int(rate)):
        yield f"BANDWIDTH is a number, and not below the average: {rate}, {average}"
    codecs = variant.text("CODECS").split(",") if variant.text("CODECS") else []
    if not codecs:
        yield "variants tell their CODECS"
    for codec in codecs:
        pattern = CODECS.get(codec.partition(".")[0])
        if pattern is None or not re.fullmatch(pattern, codec):
            yield f"CODECS are as RFC 6381 has them: {codec}"
    if any(codec.startswith(("avc1", "hvc1", "av01", "vp09")) for codec in codecs):
        for name, pattern in (("RESOLUTION", r"\d+x\d+"), ("FRAME-RATE", r"\d+\.\d{3}"), ("AVERAGE-BANDWIDTH", r"\d+")):
            if not re.fullmatch(pattern, variant.text(name)):
                yield f"pictures tell their {name}: {variant.text(name)!r}"
    yield from _check_named(variant, groups)


def _check_named(variant: Tag, groups: list[Tag]) -> Iterator[str]:
    for kind in ("AUDIO", "SUBTITLES"):
        named = variant.text(kind)
        if named and not any(tag.text("TYPE") == kind and tag.text("GROUP-ID") == named for tag in groups):
            yield f"there is no group {named} of {kind}"


# -- media


def check_media(text: str) -> Iterator[str]:
    lines = text.splitlines()
    if lines[:1] != ["#EXTM3U"] or lines[-1:] != ["#EXT-X-ENDLIST"]:
        yield "a playlist of all there is begins with #EXTM3U and ends with #EXT-X-ENDLIST"
    if value(text, "#EXT-X-PLAYLIST-TYPE") != "VOD":
        yield "what does not change is VOD"
    version, target = int(value(text, "#EXT-X-VERSION") or 1), int(value(text, "#EXT-X-TARGETDURATION") or 0)
    durations = [float(line[8:].partition(",")[0]) for line in lines if line.startswith("#EXTINF:")]
    if not durations:
        yield "a playlist has segments"
    if version < FLOAT_VERSION:
        yield "parts of seconds need version 3"
    if any(round(seconds) > target for seconds in durations):
        yield f"no segment is longer than the target of {target} s"
    if durations and target > max(durations) + 1:
        yield f"the target of {target} s is that of the longest segment"
    if any(seconds <= 0 for seconds in durations):
        yield "segments last"
    yield from _check_map(text, version)
    names = [line for line in lines if line and not line.startswith("#")]
    if len(names) != len(durations) or len(set(names)) != len(names):
        yield "every segment has one address of its own"


def _check_map(text: str, version: int) -> Iterator[str]:
    maps = tags(text, "#EXT-X-MAP")
    if ".m4s" not in text:
        return
    if len(maps) != 1 or not maps[0].text("URI") or version < MAP_VERSION:
        yield "segments of MP4 have a map, which needs version 6"
    elif text.index("#EXT-X-MAP") > text.find("#EXTINF"):
        yield "the map stands before the first segment"


def peak_rate(segments: list[Segment], target: int) -> float:
    """Return the peak bit rate as RFC 8216 (4.3.4.2) has it.

    The largest of any segments in a row that last between half of the target and one and a half.
    """
    peak = 0.0
    for first in range(len(segments)):
        seconds, size = 0.0, 0
        for segment in segments[first:]:
            seconds, size = seconds + segment.seconds, size + segment.size
            if seconds > 1.5 * target:
                break
            if seconds >= 0.5 * target:
                peak = max(peak, size * 8 / seconds)
    return peak


def average_rate(segments: list[Segment]) -> float:
    return sum(one.size for one in segments) * 8 / sum(one.seconds for one in segments)


def codec_of_header(init: bytes) -> str | None:
    """Return what the header of MP4 itself says of its picture, as CODECS has it; None for what is no H.264."""
    place = init.find(b"avcC")
    return f"avc1.{init[place + 5 : place + 8].hex()}" if place >= 0 else None


def tag_of_header(init: bytes) -> str:
    """Return by which name the header of MP4 calls its first stream."""
    place = init.index(b"stsd")
    return init[place + 16 : place + 20].decode("ascii")


def same_cuts(playlists: list[str]) -> Iterator[str]:
    """Renditions that a player changes between are cut at the same times."""
    for one, other in pairwise(playlists):
        if re.findall(r"#EXTINF:([\d.]+)", one) != re.findall(r"#EXTINF:([\d.]+)", other):
            yield "renditions are cut at the same times"
