"""Every parser for a while under atheris, which follows the code's own branches.

One process for each: atheris ends the process it runs in, and what one parser finds must not hide the others.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.seeds import WORDS

SLOWEST = 10
"""Seconds for one input of 4 KiB at most; more is a parser that a stranger can keep busy."""


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--only", default="")
    arguments.add_argument("parser", nargs="?")
    asked = arguments.parse_args()
    if asked.parser is not None:
        return fuzz(asked.parser, asked.seconds)
    try:
        import atheris  # noqa: F401  # is it there?
    except ImportError as err:
        print(f"atheris: skipped, {err}")
        return 0
    from tests.fuzz.parsers import PARSERS

    words = [sys.executable, "-m", "tests.fuzz.atheris_parsers", "--seconds", str(asked.seconds)]
    failed = [name for name in PARSERS if asked.only in name and not survives([*words, name], name)]
    print(f"{len(failed)} parsers failed: {', '.join(failed)}" if failed else "no parser failed")
    return 1 if failed else 0


def survives(words: list[str], name: str) -> bool:
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    tail = (done.stdout + done.stderr).strip().splitlines()
    runs = next((line for line in reversed(tail) if line.startswith("Done ")), "")
    print(f"{name}: {runs or 'failed'}", flush=True)
    if done.returncode:
        print("\n".join(tail[-40:]), flush=True)
    return done.returncode == 0


def fuzz(name: str, seconds: int) -> int:
    import atheris

    with atheris.instrument_imports(include=["app"]):
        from tests.fuzz.parsers import PARSERS

    with tempfile.TemporaryDirectory(prefix="revenge-fuzz-") as directory:
        for number, word in enumerate(WORDS):
            Path(directory, str(number)).write_bytes(word)
        limits = [f"-max_total_time={seconds}", "-max_len=4096", f"-timeout={SLOWEST}", "-rss_limit_mb=1024"]
        atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={directory}/", directory], PARSERS[name])
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
