"""The command line: `revenge`, `python -m app`. Translates words, calls one service, shows what it says.

Ends with 0, or 1 when what was asked could not be done, 2 when the words or the configuration make no sense, 130 after
Ctrl-C. An expected failure is one line on stderr; a traceback is a defect of ours.
"""

import gc
import os
import sys
from collections.abc import Sequence

from app.garbage import COLLECT_AFTER

OK, FAILED, WRONG_INPUT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


def run() -> None:
    """Run the process's own words and end the process."""
    gc.set_threshold(COLLECT_AFTER)
    sys.exit(main(sys.argv[1:]))


def main(words: Sequence[str]) -> int:
    """Run a command and return the code to end with."""
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # what the terminal cannot show
        code = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has seen enough. What is still buffered would complain once more when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return code


def _run(words: Sequence[str]) -> int:
    # Imported here, within reach of `main`'s handlers: imports take longest, and Ctrl-C often comes during them.
    from cyclopts import CycloptsError

    from app.cli.commands import launch
    from app.cli.failures import is_defect, tell
    from app.errors import AppError

    try:
        return launch(words)
    except (AppError, CycloptsError) as err:
        if is_defect(err):
            raise
        return tell(err)
