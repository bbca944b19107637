"""A browser plays what we send: pictures are the ones of their time, sounds too, wherever one goes."""

from typing import Any

import pytest

from tests.browser.conftest import ENGLISH, GERMAN, RATE, SECONDS, House, Screen

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

FAR = 100.04
"""Seconds: in the last minute, of which nothing has been made when it is asked for."""


def plays(found: dict[str, Any]) -> bool:
    return found["frames"] > 5 and found["audioBytes"] > 0 and found["videoBytes"] > 0 and found["time"] > 0.5


def hears(base: int, found: dict[str, Any]) -> bool:
    """Whether the pitch is that of the second: a third of one is listened to, so the one before counts as well."""
    second = (found["pitch"] - base) / 10
    return -1.5 <= second - found["time"] <= 0.5


def has_not_failed(screen: Screen) -> None:
    assert [answer for answer in screen.answers if answer[0] >= 400] == []


@pytest.mark.parametrize("way", ["copied", "converted"])
def test_hls_plays_seeks_and_changes_rendition_and_sound(
    house: House, screen: Screen, database_url: str, way: str
) -> None:
    playing = house.play("Two Sounds", allow_copy=way == "copied")
    assert playing["decision"]["method"] == ("remux" if way == "copied" else "transcode")

    screen.begin(playing["url"], 0)
    first = screen.until(plays, "playing")
    assert (first["muted"], first["height"]) == (False, 480)
    assert first["duration"] == pytest.approx(SECONDS, abs=0.2)
    screen.until(lambda found: hears(ENGLISH, found), "English at the beginning")

    assert int(FAR // 4) not in house.made(playing, database_url)
    screen.page.evaluate("video.pause()")
    screen.seek(FAR)
    there = screen.until(
        lambda found: not found["seeking"] and abs(found["mediaTime"] - FAR) <= 1 / RATE, "the picture sought"
    )
    assert there["number"] == int(FAR * RATE)
    screen.shot(f"{way}-after-a-seek")
    before = there["audioBytes"]
    screen.page.evaluate("video.play()")
    screen.until(
        lambda found: found["time"] > FAR + 1 and found["audioBytes"] > before and hears(ENGLISH, found),
        "English there",
    )

    assert first["levels"] == [360, 480]
    screen.page.evaluate("hls.currentLevel = 0")
    smaller = screen.until(lambda found: found["height"] == 360, "the smaller rendition")
    screen.until(lambda found: found["frames"] > smaller["frames"] + 5, "pictures of it")

    assert first["sounds"] == ["en", "de"]
    screen.page.evaluate("hls.audioTrack = 1")
    screen.until(lambda found: hears(GERMAN, found), "German")
    screen.seek(30.5)
    screen.until(lambda found: 30.5 <= found["time"] < 60 and hears(GERMAN, found), "German elsewhere")
    screen.shot(f"{way}-in-german")
    has_not_failed(screen)


def test_a_file_as_it_is_plays_and_seeks_by_ranges(house: House, screen: Screen) -> None:
    playing = house.play("As It Is")
    assert playing["decision"]["method"] == "direct_play"

    screen.begin(playing["url"])
    first = screen.until(plays, "playing")
    assert (first["muted"], first["height"]) == (False, 480)
    screen.page.evaluate("video.pause()")
    for place in (FAR, 3.04, 61.04):
        screen.seek(place)
        there = screen.until(
            lambda found, place=place: not found["seeking"] and abs(found["mediaTime"] - place) <= 1 / RATE, "there"
        )
        assert there["number"] == int(place * RATE)
    screen.page.evaluate("video.play()")
    screen.until(lambda found: found["time"] > 62 and hears(ENGLISH, found), "its sound")
    screen.shot("as-it-is")
    assert {status for status, url in screen.answers if url == playing["url"]} == {206}
    has_not_failed(screen)


def test_a_page_of_an_origin_that_is_not_named_reads_nothing(house: House, screen: Screen) -> None:
    """The control: it is the configuration that lets the player's page in."""
    playing = house.play("Two Sounds")
    screen.page.goto(screen.page.url.replace("127.0.0.1", "localhost"))
    read = "url => fetch(url).then(answer => answer.status, () => 'refused')"
    assert screen.page.evaluate(read, playing["url"]) == "refused"
