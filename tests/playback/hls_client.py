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
    timescale = fragments.timescale_of(init[init.index(b"moov") - 4 :])
    found: list[fragments.Fragment] = []
    place, moof = 0, b""
    while place < len(segment):
        size, kind = struct.unpack_from(">I4s", segment, place)
        if kind == b"moof":
            moof = segment[place : place + size]
        elif kind == b"mdat":
            found.append(fragments.parse(moof, segment[place : place + size]))
        place += size
    for earlier, later in itertools.pairwise(found):
        assert earlier.decode_time + earlier.duration == later.decode_time
    last = found[-1]
    samples = sum(len(one.samples) for one in found)
    return Timeline(found[0].decode_time, last.decode_time + last.duration, samples, timescale)


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


async def frame_times(url: str, stream: str = "v:0") -> list[float]:
    """Play a stream to its end; return when every frame of it is shown."""
    text = await ffmpeg("-copyts", "-i", url, "-map", f"0:{stream}", "-f", "framecrc", "-")
    scale = re.search(rb"#tb 0: (\d+)/(\d+)", text)
    ticks = int(scale[1]) / int(scale[2])
    return [int(line.split(b",")[2]) * ticks for line in text.splitlines() if line and not line.startswith(b"#")]
