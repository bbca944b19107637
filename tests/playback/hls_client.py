"""FFmpeg as a client of HLS, and segments read box by box: what a player that is not ours makes of what we send."""

import asyncio
import itertools
import re
import struct
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx
import imageio_ffmpeg

from app.playback.transcoding import fragments

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@dataclass(frozen=True, slots=True)
class Playlist:
    url: str
    init: str | None
    segments: list[tuple[float, str]]

    @property
    def duration(self) -> float:
        return sum(seconds for seconds, _ in self.segments)


async def read_playlist(http: httpx.AsyncClient, url: str) -> Playlist:
    answer = await http.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    lines = answer.text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    init = re.search(r'#EXT-X-MAP:URI="([^"]+)"', answer.text)
    durations = [float(line[8:].rstrip(",")) for line in lines if line.startswith("#EXTINF:")]
    names = [line for line in lines if line and not line.startswith("#")]
    target = int(re.search(r"TARGETDURATION:(\d+)", answer.text)[1])
    assert all(round(duration) <= target for duration in durations)
    places = [urljoin(url, name) for name in names]
    return Playlist(url, urljoin(url, init[1]) if init else None, list(zip(durations, places, strict=True)))


async def renditions(http: httpx.AsyncClient, master: str) -> dict[str, str]:
    """Return the addresses of all playlists that a master names, by their names."""
    text = (await http.get(master)).text
    places = [line for line in text.splitlines() if line and not line.startswith("#")]
    places += re.findall(r'URI="([^"]+)"', text)
    return {place.split("/")[0]: urljoin(master, place) for place in places}


@dataclass(frozen=True, slots=True)
class Timeline:
    """Of one segment, in ticks: when it begins, when it ends, and how many samples it has."""

    start: int
    end: int
    samples: int
    timescale: int


def timeline(init: bytes, segment: bytes) -> Timeline:
    found = pieces_of(segment)
    for earlier, later in itertools.pairwise(found):
        assert earlier.decode_time + earlier.duration == later.decode_time
    last = found[-1]
    samples = sum(len(one.samples) for one in found)
    timescale = fragments.timescale_of(init[init.index(b"moov") - 4 :])
    return Timeline(found[0].decode_time, last.decode_time + last.duration, samples, timescale)


def pieces_of(segment: bytes) -> list[fragments.Fragment]:
    """Return the fragments of a segment, or of several in a row."""
    found: list[fragments.Fragment] = []
    place, moof = 0, b""
    while place < len(segment):
        size, kind = struct.unpack_from(">I4s", segment, place)
        if kind == b"moof":
            moof = segment[place : place + size]
        elif kind == b"mdat":
            found.append(fragments.parse(moof, segment[place : place + size]))
        place += size
    return found


def shown_times(init: bytes, segment: bytes) -> list[float]:
    """Return when the pictures of a segment are shown, in seconds, as its boxes say: ascending.

    FFmpeg's demuxer adds a delay of its own where pictures are shown before they are decoded, so to speak.
    """
    scale = fragments.timescale_of(init[init.index(b"moov") - 4 :])
    found: list[float] = []
    place = 0
    while place < len(segment):
        size, kind = struct.unpack_from(">I4s", segment, place)
        if kind == b"moof":
            found += [ticks / scale for ticks in _shown_ticks(segment[place : place + size])]
        place += size
    return sorted(found)


def _shown_ticks(moof: bytes) -> list[int]:
    """Read `tfdt` and `trun`, whose rows have a duration, a size, perhaps flags, and when they are shown."""
    at, tfhd = moof.index(b"tfdt"), moof.index(b"tfhd")
    time = int.from_bytes(moof[at + 8 : at + 16], "big", signed=True)
    usual = int.from_bytes(moof[tfhd + 12 : tfhd + 16], "big") if moof[tfhd + 7] & 0x08 else 0
    trun = moof.index(b"trun")
    flags, count = int.from_bytes(moof[trun + 5 : trun + 8], "big"), int.from_bytes(moof[trun + 8 : trun + 12], "big")
    row, ticks = trun + 12 + (4 if flags & 1 else 0) + (4 if flags & 4 else 0), []
    for _ in range(count):
        lasts = usual
        for flag in (0x100, 0x200, 0x400):
            if flags & flag:
                lasts = int.from_bytes(moof[row : row + 4], "big") if flag == 0x100 else lasts
                row += 4
        shift = int.from_bytes(moof[row : row + 4], "big", signed=True) if flags & 0x800 else 0
        row += 4 if flags & 0x800 else 0
        ticks.append(time + shift)
        time += lasts
    return ticks


async def ffmpeg(*arguments: str, content: bytes | None = None) -> bytes:
    """Run FFmpeg as a stranger would; fail with what it says. Anything it says is a failure, too."""
    process = await asyncio.create_subprocess_exec(
        FFMPEG,
        *("-hide_banner", "-loglevel", "warning", *([] if content is not None else ["-nostdin"]), *arguments),
        stdin=asyncio.subprocess.PIPE if content is not None else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    made, said = await process.communicate(content)
    assert process.returncode == 0, said.decode()
    return made


async def frame_times(url: str, stream: str = "v:0", content: bytes | None = None) -> list[float]:
    """Play a stream to its end; return when every frame of it is shown. Of `content` where the address is `pipe:0`."""
    text = await ffmpeg("-copyts", "-i", url, "-map", f"0:{stream}", "-f", "framecrc", "-", content=content)
    scale = re.search(rb"#tb 0: (\d+)/(\d+)", text)
    ticks = int(scale[1]) / int(scale[2])
    return [int(line.split(b",")[2]) * ticks for line in text.splitlines() if line and not line.startswith(b"#")]
