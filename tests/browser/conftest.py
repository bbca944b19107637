"""Collected by `make test-browser` alone: REVENGE_TEST_BROWSER says which browser, REVENGE_TEST_HLS where hls.js is."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tests.fixtures.node import Node, NodeFactory, until
from tests.fixtures.time_code import make_film, numbered, pitched
from tests.process.test_serve import add_films, analysed, finished, scan

if TYPE_CHECKING:
    from playwright.sync_api import Page

PROGRAM = os.environ.get("REVENGE_TEST_BROWSER")
HLS = os.environ.get("REVENGE_TEST_HLS")
SHOTS = os.environ.get("REVENGE_TEST_SHOTS")
"""A folder for pictures of what was seen."""

collect_ignore_glob = [] if PROGRAM else ["test_*.py"]

HERE = Path(__file__).parent
SECONDS = 120
RATE = 12
ENGLISH, GERMAN = 400, 2000
"""Hz of the first second of each sound; ten more with every second."""

FLAGS = ["--autoplay-policy=no-user-gesture-required", "--disable-gpu"]


@pytest.fixture(scope="session")
def films(session_directory: Path) -> Path:
    """Give a film with two sounds in Matroska, and one in MP4 as browsers play it."""
    root = session_directory / "browser" / "films"
    sound = ("-c:a", "aac", "-b:a", "96k")
    inputs = (*numbered(SECONDS, rate=RATE, size="854x480", noise=12), *pitched(SECONDS, base=ENGLISH))
    picture = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "2M", "-g", str(RATE * 2), "-pix_fmt", "yuv420p")
    two = root / "Two Sounds (2001)" / "Two Sounds (2001).mkv"
    as_it_is = root / "As It Is (2002)" / "As It Is (2002).mp4"
    for path in (two, as_it_is):
        path.parent.mkdir(parents=True)
    languages = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=deu")
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-disposition:a:0", "default")
    make_film(two, *inputs, *pitched(SECONDS, base=GERMAN), *maps, *picture, *sound, *languages)
    make_film(as_it_is, "-i", str(two), "-map", "0:v", "-map", "0:a:0", "-c", "copy")
    return root


class _Page(BaseHTTPRequestHandler):
    """The site that the player is a page of: another origin than the server's."""

    files: ClassVar = {
        "/": (HERE / "player.html", "text/html"),
        "/player.js": (HERE / "player.js", "text/javascript"),
        "/hls.js": (Path(HLS or ""), "text/javascript"),
    }

    def do_GET(self) -> None:
        path, kind = self.files.get(self.path, (None, ""))
        if path is None:
            self.send_error(404)
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """Serve the player's page; give its origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Screen:
    """A page that plays something, and what went over its wire."""

    page: "Page"
    answers: list[tuple[int, str]] = field(default_factory=list)

    def begin(self, url: str, start: float | None = None) -> None:
        """Play: the file as it is, or with `start` HLS from there."""
        self.page.evaluate("([url, start]) => begin(url, start)", [url, start])

    def look(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate("look()")
        assert not found["errors"], found
        return found

    def until(self, is_so: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Look until it is so. Whatever picture is shown meanwhile must be the one of its time."""

        def looked() -> dict[str, Any] | None:
            found = self.look()
            if found["frames"]:
                assert abs(found["number"] - found["mediaTime"] * RATE) <= 1, found
            return found if is_so(found) else None

        return until(looked, what=what)

    def seek(self, seconds: float) -> None:
        self.page.evaluate("seconds => { video.currentTime = seconds }", seconds)

    def shot(self, name: str) -> None:
        self.look()
        if SHOTS:
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png")


@dataclass
class House:
    """A server with two films, whose API a page of another origin may use."""

    node: Node
    items: dict[str, str]

    def play(self, title: str, **wishes: Any) -> dict[str, Any]:
        body = {"item_id": self.items[title], "profile": "chrome", **wishes}
        playing: dict[str, Any] = self.node.post("/api/v1/playback", body)
        return playing | {"url": self.node.url + playing["url"]}

    def made(self, playing: dict[str, Any], database_url: str) -> set[int]:
        """Return which segments of the picture there are."""
        import psycopg

        query = "SELECT transcode_id FROM playback_transcode WHERE playback_id = %s AND name = 'v0'"
        with psycopg.connect(database_url) as connection:
            (found,) = connection.execute(query, [playing["id"]]).fetchone()
        folder = self.node.log.parent / "cache" / "segments" / str(found)[-2:] / str(found)
        return {int(place.stem) for place in folder.glob("?????.m4s")}


@pytest.fixture
def house(node: NodeFactory, films: Path, site: str, database_url: str) -> House:
    settings = {"HTTP__CORS_ORIGINS": site, "PLAYBACK__HARDWARE": "false", "PLAYBACK__PRESET": "ultrafast"}
    settings |= {"PLAYBACK__KEEP_FREE": "0", "PLAYBACK__AHEAD": "20s"}
    serving = node("serve", **{f"REVENGE_{name}": value for name, value in settings.items()})
    finished(serving, scan(serving, add_films(serving, films)))
    until(lambda: analysed(database_url) == 2, what="both films analysed")
    return House(serving, {item["title"]: item["id"] for item in serving.get("/api/v1/items")["items"]})


@pytest.fixture
def screen(house: House, site: str) -> Iterator[Screen]:
    """Open the player's page. Not before all else is there: two loops in one thread do not run in each other's."""
    from playwright.sync_api import sync_playwright

    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=[*FLAGS, *root])
        page = browser.new_page(viewport={"width": 854, "height": 960})
        screen = Screen(page)
        page.on("response", lambda answer: screen.answers.append((answer.status, answer.url)))
        page.goto(site)
        yield screen
        browser.close()
