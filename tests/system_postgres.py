"""Say which PostgreSQL of the system the tests can run on, or why on none: `python -m tests.system_postgres`."""

import sys

from app.db.embedded.binaries import OLDEST, Binaries, inspect, system_places

NEWEST = 18
"""The newest major version we are tested on."""

NONE = 3
"""The code to end with when there is none; Python's own failures end with 1 or 2."""


def supported() -> list[Binaries]:
    found = filter(None, map(inspect, system_places()))
    return [binaries for binaries in found if OLDEST <= binaries.major <= NEWEST]


def main() -> int:
    for binaries in supported():
        print(binaries)  # noqa: T201  the answer
        return 0
    print(f"none of version {OLDEST} to {NEWEST} in its usual places")  # noqa: T201
    return NONE


if __name__ == "__main__":
    sys.exit(main())
