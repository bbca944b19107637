"""guessit, told the kind of each name, over the corpus on standard input. Runs in an environment of its own.

What it is asked for is what both can say: a film's title and year; of an episode the series, season and numbers, or the
day. Case, accents and punctuation of titles do not count, and an absolute number may come without a season.
"""

import json
import re
import sys
import time
import unicodedata
from typing import Any

import guessit


def plain(title: Any) -> str:
    title = title[0] if isinstance(title, list) else title
    text = unicodedata.normalize("NFD", str(title or "").casefold())
    return re.sub(r"[\W_]+", "", text)


def is_right(case: dict[str, Any], found: dict[str, Any]) -> bool:
    if case["kind"] == "movies":
        return plain(found.get("title")) == plain(case["title"]) and found.get("year") == case.get("year")
    if "series" in case and plain(found.get("title")) != plain(case["series"]):
        return False
    if "aired" in case and "first" not in case:
        return str(found.get("date")) == case["aired"]
    episodes = found.get("episode")
    numbers = episodes if isinstance(episodes, list) else [] if episodes is None else [episodes]
    absolute = case.get("absolute")
    if absolute is not None:
        wanted = absolute if isinstance(absolute, list) else [absolute, absolute]
        return numbers[:1] + numbers[-1:] == wanted
    first = case.get("first")
    wanted = [] if first is None else [first, case.get("last", first)]
    return numbers[:1] + numbers[-1:] == wanted and found.get("season") == case.get("season")


def main() -> None:
    cases = json.load(sys.stdin)
    guessit.guessit("Warm Up (2001).mkv")
    begun = time.process_time()
    kinds = {"movies": "movie", "tvshows": "episode"}
    found = [guessit.guessit(case["path"], {"type": kinds[case["kind"]]}) for case in cases]
    spent = time.process_time() - begun
    right = sum(is_right(case, one) for case, one in zip(cases, found, strict=True))
    print(json.dumps({"version": guessit.__version__, "rate": len(cases) / spent, "right": right}))


if __name__ == "__main__":
    main()
