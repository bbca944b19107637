"""A renderer's process: answers with pictures in other sizes and formats, or with what one looks like.

`python -m app.library.artwork.rendering.process`; `app.library.confined` says what it may and may not.
"""

import sys

import msgspec

from app.library.artwork.rendering.wish import Wish
from app.library.confined.child import confine, die_with, serve

RENDER = b"r"
SEE = b"s"
"""A request is one of the two, and after the first a wish."""


def main(channel: int, parent: int, memory: int, seconds: int) -> None:
    """Serve until the other end closes."""
    die_with(parent)
    confine(memory)
    from app.library.artwork.rendering.render import render, see  # noqa: PLC0415  under the limits from here on

    encoder = msgspec.msgpack.Encoder()
    wishes = msgspec.msgpack.Decoder(Wish)

    def answer(file: int, request: bytes) -> bytes:
        if request[:1] == SEE:
            return encoder.encode(see(file))
        return encoder.encode(render(file, wishes.decode(request[1:])))

    serve(channel, seconds, answer)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
