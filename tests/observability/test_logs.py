"""The log as another process writes it: set-up is for the whole process, and this one belongs to the test runner."""

import json
import subprocess
import sys

import pytest

from app.observability.logs import HIDDEN, StrikeOut, escaped

PROGRAM = """
import logging, sys, warnings
import structlog
from app.observability import set_up_logs

log = structlog.get_logger("jobs.notifier")
level, format = sys.argv[1:]
set_up_logs(level, format, secrets=["correct horse", "short"])
log.debug("for nobody")
log.info("found", file="a\\nb\\x1b[2J", count=3, token="hush", nested={"password": "hush", "size": 1})
logging.getLogger("uvicorn.error").info("Started %s", "server\\nforged line")
logging.getLogger("alembic").info("chatter")
warnings.warn("old habit")
try:
    raise ValueError("no way in to postgresql://jo:hush@h/d with correct horse")
except ValueError:
    log.exception("failed", path="\\udcff")
print("the answer")
"""


def written(level, form):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, level, form], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout == "the answer\n"  # nothing but what was asked for
    assert "hush" not in run.stderr
    assert "correct horse" not in run.stderr
    return run.stderr


def test_json_is_one_object_a_line_from_us_and_from_every_library():
    events = [json.loads(line) for line in written("info", "json").splitlines()]

    assert [(event["logger"], event["level"]) for event in events] == [
        ("jobs.notifier", "info"),
        ("uvicorn.error", "info"),
        ("py.warnings", "warning"),
        ("jobs.notifier", "error"),
    ]
    found, started, _, failed = events
    assert found["event"] == "found"
    assert found["file"] == "a\nb\x1b[2J"
    assert found["count"] == 3
    assert found["token"] == HIDDEN
    assert found["nested"] == {"password": HIDDEN, "size": 1}
    assert started["event"] == "Started server\nforged line"
    assert failed["exception"].startswith("Traceback")
    assert failed["exception"].endswith(f"postgresql://jo:{HIDDEN}@h/d with {HIDDEN}")


def test_the_console_keeps_one_event_on_one_line_whatever_a_name_holds():
    lines = written("info", "console").splitlines()

    assert "file='a\\nb\\x1b[2J'" in lines[0]
    assert "Started server\\nforged line" in lines[1]
    assert "\x1b" not in "".join(lines)


@pytest.mark.parametrize(("level", "shown"), [("debug", {"for nobody", "chatter"}), ("error", set())])
def test_the_level_decides_for_libraries_too(level, shown):
    events = {json.loads(line)["event"] for line in written(level, "json").splitlines()}

    assert events & {"for nobody", "chatter"} == shown
    assert "failed" in events


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://jo:hush@db/films",
        "redis://:hush@h",
        "host=h password=hush user=jo",
        "host=h password='hu sh\\' hush' user=jo",
        "https://api.example/3/movie?api_key=hush&page=2",
        "?token=hush",
        "sslpassword=hush",
    ],
)
def test_secrets_in_ordinary_places_are_struck_out(text):
    cleaned = StrikeOut([]).text(text)

    assert "hush" not in cleaned
    assert HIDDEN in cleaned


@pytest.mark.parametrize(
    "text", ["http://host:8484/x", "a@b.example", "10:30:00", "/films/Heat (1995)/Heat.mkv", "tokens"]
)
def test_what_is_no_secret_stays(text):
    assert StrikeOut(["short"]).text(text) == text


def test_secrets_are_found_however_deep_and_in_errors():
    event = StrikeOut(["correct horse"])(
        None,
        "info",
        {"error": OSError("correct horse"), "rows": [{"Authorization": "Bearer x", "n": 1}, ("correct horse", None)]},
    )

    assert event == {"error": f"OSError('{HIDDEN}')", "rows": [{"Authorization": HIDDEN, "n": 1}, [HIDDEN, None]]}


def test_escaped_leaves_real_letters_alone():
    assert escaped("Amélie 天空の城 🎬") == "Amélie 天空の城 🎬"
    assert escaped("a\tb\u2028c\udc80\x9b") == "a\\tb\\u2028c\\udc80\\x9b"


COLLECTING = """
import contextvars, logging, sys, threading
import structlog
from app.observability import collecting_lines, set_up_logs

log = structlog.get_logger("library.scan")
set_up_logs("info", "json", secrets=["correct horse"])
lines = []
log.info("before")
with collecting_lines(lines.append):
    log.info("found", token="hush", way="with correct horse")
    log.debug("for nobody")
    thread = threading.Thread(target=contextvars.copy_context().run, args=[logging.getLogger("any").warning, "%d", 7])
    thread.start()
    thread.join()
log.info("after")
print("\\n".join(lines))
"""


def test_a_context_may_collect_its_own_lines_for_people_and_without_secrets():
    run = subprocess.run([sys.executable, "-c", COLLECTING], capture_output=True, text=True, check=True, timeout=60)
    found, thread = run.stdout.splitlines()
    assert "found" in found
    assert f"token={HIDDEN!r}" in found
    assert f"way='with {HIDDEN}'" in found
    assert "7" in thread
    assert len(run.stderr.splitlines()) == 4  # the server's log has them all
