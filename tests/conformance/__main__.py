"""The adapter of River's conformance harness: `python -m tests.conformance`, spoken to over pipes (see README.md).

Standard output belongs to the protocol alone. It is moved away from file descriptor 1 before anything else is imported,
so that whatever prints, prints to standard error.
"""

import os
import sys

PROTOCOL_OUTPUT = os.dup(1)
os.dup2(2, 1)
os.environ["TZ"] = "UTC"

from tests.conformance.serving import serve  # noqa: E402  the output must be ours first

if __name__ == "__main__":
    sys.exit(serve(sys.stdin.fileno(), PROTOCOL_OUTPUT))
