"""Styled subtitles with their fonts: handed to who draws them, part of the picture for all others."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.accounts.roles import Role
from app.library.repository.probes import STREAM_COLUMNS
from tests.fixtures.accounts import Accounts
from tests.fixtures.media import Media
from tests.fixtures.playback import Player, Shelved
from tests.playback.fonts.test_kinds import real_font
from tests.playback.hls_client import ffmpeg
from tests.playback.recipes import SINE, SMALL, X264

STYLE = """[Script Info]
ScriptType: v4.00+
PlayResX: 160
PlayResY: 90
Collisions: Reverse

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Sign,Aileron,20,&H0000FFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,0,8,5,5,5,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 1,0:00:00.20,0:00:00.90,Sign,,0,0,0,,{\\pos(80,20)\\blur2}Hello
"""

DRAWS = {
    "name": "drawing browser",
    "containers": ["mp4"],
    "video": [{"codec": "h264"}],
    "audio": [{"codec": "aac"}],
    "subtitles": ["vtt", "ass"],
}


@pytest.fixture(scope="session")
def font_file(session_directory: Path) -> Path:
    place = session_directory / "real.ttf"
    place.write_bytes(real_font())
    return place


def film(media: Media, font: Path) -> Path:
    """Return a film with styled subtitles, a font of a hostile name, and a text that calls itself a font."""
    return media.make(
        "styled.mkv",
        *(*SMALL, *SINE, "-f", "ass", "-i", "{0}", "-map", "0:v", "-map", "1:a", "-map", "2:s"),
        *(*X264, "-c:a", "aac", "-c:s", "copy"),
        *("-attach", str(font), "-metadata:s:t:0", "mimetype=application/x-truetype-font"),
        *("-metadata:s:t:0", "filename=../../Aile ron.ttf", "-attach", "{0}"),
        *("-metadata:s:t:1", "mimetype=font/otf", "-metadata:s:t:1", "filename=evil.otf"),
        *("-attach", "{0}", "-metadata:s:t:2", "mimetype=text/html", "-metadata:s:t:2", "filename=page.html"),
        texts=(STYLE,),
    )


@pytest.fixture
async def styled(player: Player, media: Media, font_file: Path) -> Shelved:
    assert "tags" in STREAM_COLUMNS
    return await player.add(await asyncio.to_thread(film, media, font_file))


async def test_who_draws_gets_the_subtitles_unconverted_and_the_fonts(
    player: Player, styled: Shelved, font_file: Path
) -> None:
    playing = await player.play(styled, DRAWS, subtitle={"stream": 2})
    assert playing["decision"]["method"] == "remux"
    (words,) = playing["subtitles"]
    assert words["format"] == "ass"
    assert (await player.get(words["url"])).text.replace("\r\n", "\n").strip() == STYLE.strip()

    assert [(font["name"], font["type"]) for font in playing["fonts"]] == [
        ("Aile ron.ttf", "font/ttf"),
        ("evil.otf", "font/otf"),
    ]
    font = await player.get(playing["fonts"][0]["url"])
    assert font.headers["content-type"] == "font/ttf"
    assert font.headers["x-content-type-options"] == "nosniff"
    assert font.content == font_file.read_bytes()


async def test_nothing_but_fonts_is_taken_out(player: Player, styled: Shelved) -> None:
    """Neither what calls itself one, nor other attachments, nor streams, nor what is not there."""
    playing = await player.play(styled, DRAWS, subtitle={"stream": 2})
    await player.get(playing["fonts"][1]["url"], expected=404)
    base = f"/api/v1/playback/{playing['id']}/fonts"
    for number in (0, 2, 5, 9):
        await player.get(f"{base}/{number}", expected=404)
    for hostile in ("-1", "10001", "3;", "..%2f3", "t:0"):
        assert (await player.web.http.get(f"{base}/{hostile}")).status_code in (400, 404)
    styled.path.unlink()
    await player.get(f"{base}/3", expected=404)


async def test_a_font_larger_than_any_is_not_sent(
    player: Player, styled: Shelved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.playback.fonts.service.MOST_BYTES", 1000)
    playing = await player.play(styled, DRAWS)
    await player.get(playing["fonts"][0]["url"], expected=404)


async def test_who_cannot_draw_gets_them_in_the_picture_and_no_fonts(player: Player, styled: Shelved) -> None:
    burnt = await player.play(styled, "chrome", subtitle={"stream": 2})
    assert [reason["code"] for reason in burnt["decision"]["video"]["reasons"]] == ["subtitle_burn"]
    assert burnt["fonts"] == burnt["subtitles"] == []
    inside = await player.play(styled, "player", subtitle={"stream": 2})
    assert inside["decision"]["method"] == "direct_play"
    assert inside["fonts"] == []


async def drawn(*source: str, words: str = "", content: bytes | None = None) -> bytes:
    """Return the picture of half a second in, grey."""
    chain = ",".join(filter(None, [words, "scale=160:90"]))
    one = ("-vf", chain, "-ss", "0.5", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    return await ffmpeg(*source, *one, content=content)


def apart(one: bytes, other: bytes) -> float:
    return sum(abs(first - second) for first, second in zip(one, other, strict=True)) / len(one)


async def test_they_are_drawn_in_the_films_own_fonts(
    player: Player, styled: Shelved, font_file: Path, tmp_path: Path
) -> None:
    playing = await player.play(styled, "chrome", subtitle={"stream": 2}, ladder=False)
    base = f"/api/v1/playback/{playing['id']}/v0"
    content = b"".join([(await player.get(f"{base}/{name}")).content for name in ("init.mp4", "00000.m4s")])
    ours = await drawn("-i", "pipe:0", content=content)

    words, fonts = tmp_path / "words.ass", tmp_path / "fonts"
    words.write_text(STYLE)
    fonts.mkdir()
    shutil.copy(font_file, fonts)
    meant = await drawn("-i", str(styled.path), words=f"ass={words}:fontsdir={fonts}")
    without = await drawn("-i", str(styled.path), words=f"ass={words}")
    assert apart(meant, without) > 1
    assert apart(ours, meant) < apart(ours, without) / 2


async def test_a_fonts_address_is_good_for_its_playback_alone(
    player: Player, styled: Shelved, accounts: Accounts
) -> None:
    await accounts.make("Ada", Role.ADMINISTRATOR)
    headers = {"Authorization": f"Bearer {(await accounts.log_in('Ada')).access_token}"}

    async def begun() -> dict[str, Any]:
        body = {"item_id": str(styled.item_id), "profile": DRAWS}
        return (await player.web.http.post("/api/v1/playback", json=body, headers=headers)).json()

    ours, another = await begun(), await begun()
    address = ours["fonts"][0]["url"]
    assert "?token=rvp_" in address
    await player.get(address)
    await player.get(address.partition("?")[0], expected=401)
    await player.get(address.replace(ours["id"], another["id"]), expected=401)
    assert (await player.web.http.delete(f"/api/v1/playback/{ours['id']}", headers=headers)).status_code == 204
    await player.get(address, expected=401)
