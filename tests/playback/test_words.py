"""Subtitles that become part of the picture, and those that come beside it, whatever they were written in."""

import asyncio
import io
import struct
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import pytest
from sqlalchemy import update

from app.ids import uuid7
from app.library.models import SideFile
from tests.fixtures.playback import Player, Shelved
from tests.fixtures.vobsub import vobsub
from tests.playback.hls_client import ffmpeg

BLACK = ("-f", "lavfi", "-i", "color=c=black:size=320x180:rate=24:duration=6")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "48")
TEXT = "1\n00:00:01,000 --> 00:00:03,000\n<b>Grüße</b>\n"


def pgs(begin: float, end: float) -> bytes:
    """Return a white bar as a disc would show it from and until then, in seconds."""
    width, height = 160, 20

    def segment(at: float, kind: int, body: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", int(at * 90_000), 0, kind, len(body)) + body

    def composition(at: float, *, is_shown: bool) -> bytes:
        number = struct.pack(">HHBHBBBB", 320, 180, 0x10, 0, 0x80 if is_shown else 0, 0, 0, int(is_shown))
        return segment(at, 0x16, number + (struct.pack(">HBBHH", 0, 0, 0, 80, 140) if is_shown else b""))

    line = bytes([0, 0xC0, width, 1, 0, 0])
    picture = struct.pack(">HH", width, height) + line * height
    shown = composition(begin, is_shown=True)
    shown += segment(begin, 0x17, struct.pack(">BBHHHH", 1, 0, 80, 140, width, height))
    shown += segment(begin, 0x14, bytes([0, 0, 1, 235, 128, 128, 255]))
    shown += segment(begin, 0x15, struct.pack(">HBB", 0, 0, 0xC0) + len(picture).to_bytes(3, "big") + picture)
    return shown + segment(begin, 0x80, b"") + composition(end, is_shown=False) + segment(end, 0x80, b"")


async def film(folder: Path, kind: str, *, offset: int = 0) -> Path:
    """Make six black seconds with subtitles between the first and the third; the file may count from later on."""
    words, path = folder / f"words.{kind}", folder / "black.mkv"
    words.write_bytes(pgs(1, 3) if kind == "sup" else TEXT.encode())
    codec = "copy" if kind == "sup" else "ass"
    source = ("-f", "sup" if kind == "sup" else "srt", "-i", str(words))
    await ffmpeg(
        "-copyts",
        *BLACK,
        *source,
        "-map",
        "0:v",
        "-map",
        "1:s",
        *X264,
        "-c:s",
        codec,
        "-output_ts_offset",
        str(offset),
        str(path),
    )
    return path


async def beside(player: Player, shelved: Shelved, name: str, content: bytes, **columns: Any) -> UUID:
    path = shelved.path.parent / name
    path.write_bytes(content)
    status = path.stat()
    side_id = uuid7()
    async with player.shelf.transactions.begin() as tx:
        tx.session.add(
            SideFile(
                id=side_id,
                folder_id=player.shelf._folders[player.films.library_id],
                name=name.encode(),
                kind="subtitle",
                size=status.st_size,
                mtime_ns=status.st_mtime_ns,
                **({"file_id": shelved.file_id, "language": "de"} | columns),
            )
        )
    return side_id


async def in_two_files(player: Player, shelved: Shelved, *tracks: tuple[str, list[tuple[float, float]]]) -> Path:
    """Put a VobSub beside a film, as a look into it leaves it; returns the file of its pictures."""
    index, pictures = vobsub(*tracks)
    pictures_id = await beside(player, shelved, "black.sub", pictures, file_id=None)
    told = [{"language": language, "title": None} for language, _ in tracks]
    await beside(player, shelved, "black.idx", index, language=None, pictures_id=pictures_id, tracks=told)
    return shelved.path.parent / "black.sub"


async def brightest(player: Player, url: str) -> list[int]:
    """Return how bright the brightest point is, twice a second."""
    shown = ("-vf", "fps=2,scale=320:180", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    raw = await ffmpeg("-i", player.web.server.url + url, "-map", "0:v:0", *shown)
    return [max(raw[at : at + 320 * 180]) for at in range(0, len(raw), 320 * 180)]


@pytest.mark.parametrize(("kind", "offset"), [("ass", 0), ("sup", 0), ("ass", 10)])
async def test_words_become_part_of_the_picture_when_it_is_their_turn(
    player: Player, tmp_path: Path, kind: str, offset: int
) -> None:
    shelved = await player.add(await film(tmp_path, kind, offset=offset))
    playing = await player.play(shelved, subtitle={"stream": 1})
    assert "subtitle_burn" in {reason["code"] for reason in playing["decision"]["reasons"]}
    bright = [value > 150 for value in await brightest(player, playing["url"])]
    assert bright[:2] == [False, False]
    assert bright[3:5] == [True, True]
    assert bright[8:12] == [False] * 4


@pytest.mark.parametrize(("kind", "offset"), [("srt", 0), ("sup", 0), ("srt", 10), ("sup", 10)])
async def test_words_beside_a_file_become_part_of_the_picture_of_who_cannot_draw_them(
    player: Player, tmp_path: Path, kind: str, offset: int
) -> None:
    shelved = await player.add(await film(tmp_path, "ass", offset=offset))
    await beside(player, shelved, f"black.de.{kind}", pgs(1, 3) if kind == "sup" else TEXT.encode("cp1252"))
    playing = await player.play(shelved, "hls-ts", subtitle={"beside": 0})
    bright = [value > 150 for value in await brightest(player, playing["url"])]
    assert bright[3:5] == [True, True]
    assert bright[8:12] == [False] * 4


@pytest.mark.parametrize("offset", [0, 10])
async def test_each_language_of_a_vobsub_becomes_part_of_the_picture_by_itself(
    player: Player, tmp_path: Path, offset: int
) -> None:
    shelved = await player.add(await film(tmp_path, "ass", offset=offset))
    await in_two_files(player, shelved, ("de", [(0.5, 1)]), ("en", [(1, 3), (5, 5.5)]))
    playing = await player.play(shelved, "hls-ts", subtitle={"beside": 1})
    plan = next(one for one in playing["decision"]["subtitles"] if one.get("beside") == 1)
    assert (plan["format"], plan["language"], plan["delivery"]) == ("vobsub", "en", "burn")
    bright = [value > 150 for value in await brightest(player, playing["url"])]
    assert bright[:2] == [False, False]
    assert bright[3:5] == [True, True]
    assert bright[7:10] == [False] * 3


@pytest.mark.parametrize("kind", ["sub", "sup"])
async def test_what_is_shown_already_where_somebody_begins_is_drawn_too(
    player: Player, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "black.mkv"
    await ffmpeg(*(one.replace("duration=6", "duration=40") for one in BLACK), *X264, str(path))
    shelved = await player.add(path)
    if kind == "sub":
        await in_two_files(player, shelved, ("de", [(1, 3), (30, 38)]))
    else:
        await beside(player, shelved, "black.sup", pgs(1, 3) + pgs(30, 38))
    playing = await player.play(shelved, "hls-ts", subtitle={"beside": 0})
    lines = (await player.get(playing["url"].replace("master.m3u8", "v0/index.m3u8"))).text.splitlines()
    names = [line for line in lines if ".ts" in line]
    assert len(names) > 6
    url = playing["url"].partition("master.m3u8")[0] + "v0/" + names[-2]
    segment = tmp_path / "segment.ts"
    segment.write_bytes((await player.get(url)).content)
    raw = await ffmpeg("-i", str(segment), "-vf", "fps=2,scale=320:180", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    assert max(raw[: 320 * 180]) > 150


async def test_a_player_that_draws_vobsubs_is_handed_one_language_of_it(player: Player, tmp_path: Path) -> None:
    shelved = await player.add(await film(tmp_path, "ass"))
    await in_two_files(player, shelved, ("de", [(1, 2)]), ("en", [(1, 3), (4, 5)]))
    playing = await player.play(shelved, "player")
    assert playing["decision"]["method"] == "direct_play"
    handed = [(one["format"], one["language"]) for one in playing["subtitles"]]
    assert handed == [("mks", "de"), ("mks", "en")]
    answer = await player.get(playing["subtitles"][1]["url"])
    assert answer.headers["content-type"] == "video/x-matroska"
    with av.open(io.BytesIO(answer.content)) as words:
        (stream,) = words.streams
        assert stream.codec_context.name == "dvdsub"
        assert [packet.pts for packet in words.demux(stream) if packet.size] == [1_000, 4_000]


async def test_a_vobsub_whose_pictures_are_another_file_now_is_not_followed(player: Player, tmp_path: Path) -> None:
    """Neither of the names leads anywhere but into the root."""
    shelved = await player.add(await film(tmp_path, "ass"))
    pictures = await in_two_files(player, shelved, ("de", [(1, 3)]))
    outside = tmp_path / "elsewhere" / "secret.sub"
    outside.parent.mkdir()
    pictures.rename(outside)
    pictures.symlink_to(outside)
    playing = await player.play(shelved, "player")
    answer = await player.web.http.get(playing["subtitles"][0]["url"])
    assert answer.status_code >= 500
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "words",
    ["{24}{72}Grüße", "{1}{1}24.000\r\n{24}{72}Grüße",
     "[INFORMATION]\r\n[END INFORMATION]\r\n[SUBTITLE]\r\n00:00:01.00,00:00:03.00\r\nGrüße\r\n"],
    ids=["by the film's pictures", "by pictures of its own", "SubViewer"],
)  # fmt: skip
async def test_a_sub_alone_is_text(player: Player, tmp_path: Path, words: str) -> None:
    shelved = await player.add(await film(tmp_path, "ass"))
    await beside(player, shelved, "black.de.sub", words.encode())
    playing = await player.play(shelved, keep_style=False)
    text = (await player.get(playing["subtitles"][1]["url"])).text
    assert "00:01.000 --> 00:03.000" in text
    assert "Grüße" in text


@pytest.mark.parametrize("offset", [0, 10])
async def test_words_are_sent_as_texts_that_count_from_the_first_picture(
    player: Player, tmp_path: Path, offset: int
) -> None:
    shelved = await player.add(await film(tmp_path, "ass", offset=offset))
    await beside(player, shelved, "black.de.srt", TEXT.encode("cp1252"))
    playing = await player.play(shelved, keep_style=False)
    texts = await asyncio.gather(*(player.get(one["url"]) for one in playing["subtitles"]))
    assert len(texts) == 2
    for text in texts:
        assert text.text.startswith("WEBVTT")
        assert "00:01.000 --> 00:03.000" in text.text
        assert "Grüße" in text.text


async def test_words_that_were_changed_or_moved_on_are_not_taken_for_others(player: Player, tmp_path: Path) -> None:
    """What was made of them before is not shown for what they are now, nor that of whatever has their place now."""
    shelved = await player.add(await film(tmp_path, "ass"))
    await beside(player, shelved, "black.de.srt", TEXT.encode())
    first = await player.play(shelved, subtitle={"beside": 0})
    assert "Grüße" in (await player.get(first["subtitles"][1]["url"])).text
    unread = await player.play(shelved, "android-tv", subtitle={"beside": 0})

    await beside(player, shelved, "black.ar.srt", TEXT.replace("Grüße", "Other").encode(), language="ar")
    changed = shelved.path.parent / "black.de.srt"
    changed.write_text(TEXT.replace("Grüße", "Better"))
    async with player.shelf.transactions.begin() as tx:
        status = changed.stat()
        await tx.session.execute(
            update(SideFile)
            .where(SideFile.name == b"black.de.srt")
            .values(size=status.st_size, mtime_ns=status.st_mtime_ns)
        )

    second = await player.play(shelved, keep_style=False)
    texts = {one["language"]: (await player.get(one["url"])).text for one in second["subtitles"]}
    assert "Other" in texts["ar"]
    assert "Better" in texts["de"]
    kept = next(one for one in unread["subtitles"] if one["language"] == "de")
    assert "Better" in (await player.get(kept["url"])).text
