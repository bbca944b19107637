"""How many names a second the parsers read, and how many of the corpus they read rightly.

`python -m bench.names [--guessit PYTHON]`: with the interpreter of an environment that holds guessit, it reads the same
names in turn. Caches of folders are emptied before each round: within one they are what a scan has, too. Almost every
name of the corpus has folders of its own; the last row is a library as scans meet it, with seasons and albums that hold
several files. CPU time, so that what else the machine does costs nobody much.
"""

import argparse
import json
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.library.naming import parse_episode, parse_movie, parse_side_file, parse_track, split
from app.library.naming.seasons import read_season_folder
from app.library.naming.segment import read_segment
from app.library.naming.series import home_of, read_series
from app.library.naming.side_files import read_words
from app.library.naming.tracks import read_album
from tests.library.naming.corpus_cases import Case, cases
from tests.library.naming.corpus_reading import differences

ROUNDS = 9
LIBRARY = 9_000
CACHED = (read_segment, read_season_folder, home_of, read_series, read_album, read_words)
GUESSIT = Path(__file__).parent / "peers" / "guessit_names.py"


def reader(case: Case) -> Callable[[], object]:
    if case["kind"] == "side_files":
        return lambda: parse_side_file(case["name"], case["stems"], case.get("folders", ()))
    path = case["path"].encode()
    if case["kind"] == "movies":
        return lambda: parse_movie(path)
    parse = parse_episode if case["kind"] == "tvshows" else parse_track
    return lambda: parse(*split(path))


def library(count: int) -> list[Callable[[], object]]:
    """Return readers of so many paths of films, episodes and songs, a third each, no two alike."""
    readers: list[Callable[[], object]] = []
    for number in range(count // 3):
        word = f"{chr(65 + number % 26)}lpha{number}"
        film = f"The {word} ({1950 + number % 70})/The.{word}.{1950 + number % 70}.1080p.BluRay.x264-GRP.mkv".encode()
        show, season, episode = number // 60, number // 10 % 6 + 1, number % 10 + 1
        name = f"The.Show.{show}.S{season:02}E{episode:02}.{word}.Comes.Home.720p.WEB-DL.x264-GRP.mkv"
        file = f"The Show {show} (2001)/Season {season:02}/{name}".encode()
        song = f"Artist {number // 100}/Album {number // 10} (1999)/{number % 10 + 1:02} - {word} Song.flac".encode()
        readers += [
            lambda film=film: parse_movie(film),
            lambda file=file: parse_episode(*split(file)),
            lambda song=song: parse_track(*split(song)),
        ]
    return readers


def rates(readers: list[Callable[[], object]]) -> list[float]:
    measured = []
    for _ in range(ROUNDS):
        for function in CACHED:
            function.cache_clear()
        begun = time.process_time()
        for read in readers:
            read()
        measured.append(len(readers) / (time.process_time() - begun))
    return measured


def told(measured: list[float]) -> str:
    return f"{statistics.median(measured):,.0f} ({min(measured):,.0f}–{max(measured):,.0f})"


def guessit(python: str, chosen: list[Case]) -> tuple[str, str, int]:
    """Return its version, its rate and how many of the cases it reads rightly."""
    answer = subprocess.run([python, GUESSIT], input=json.dumps(chosen), capture_output=True, text=True, check=True)
    found = json.loads(answer.stdout)
    return found["version"], f"{found['rate']:,.0f}", found["right"]


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print. The words of the command line are the process's own, unless others are given."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--guessit", metavar="PYTHON", help="interpreter of an environment that holds guessit")
    python = arguments.parse_args(words).guessit
    by_kind = {
        kind: [case for case in cases() if case["kind"] == kind]
        for kind in ("movies", "tvshows", "music", "side_files")
    }
    print(f"Python {platform.python_version()}, {ROUNDS} rounds, median (least–most), CPU time\n")
    print("| kind | names | names/s | read rightly |" + (" guessit names/s | guessit right |" if python else ""))
    print("|---|---|---|---|" + ("---|---|" if python else ""))
    everything = [case for chosen in by_kind.values() for case in chosen]
    for kind, chosen in [*by_kind.items(), ("all", everything)]:
        right = sum(not differences(case) for case in chosen)
        row = f"| {kind} | {len(chosen):,} | {told(rates([reader(case) for case in chosen]))} | {right:,} |"
        if python and kind in {"movies", "tvshows"}:
            version, rate, rightly = guessit(python, chosen)
            row += f" {rate} ({version}) | {rightly:,} |"
        elif python:
            row += " – | – |"
        print(row)
    print(f"| a library | {LIBRARY:,} | {told(rates(library(LIBRARY)))} | – |" + (" – | – |" if python else ""))


if __name__ == "__main__":
    main()
