"""A prober's process: answers what media files are, with a picture that is in one, or where its keyframes are.

`python -m app.library.probing.process`; `app.library.confined` says what it may and may not.
"""

import sys

import msgspec

from app.library.confined.child import confine, die_with, serve

PROBE = b"p"
PICTURE = b"i"
KEYFRAMES = b"k"
INDEX_BYTES = 4
"""A request is one of the three and a number: a stream's, which for a probe means nothing."""


def main(channel: int, parent: int, memory: int, seconds: int) -> None:
    """Serve until the other end closes."""
    die_with(parent)
    confine(memory)
    import av.logging  # noqa: PLC0415  under the limits from here on

    from app.library.probing.packets import scan_keyframes  # noqa: PLC0415  as above
    from app.library.probing.picture import read_picture  # noqa: PLC0415  as above
    from app.library.probing.read import probe  # noqa: PLC0415  as above

    av.logging.set_level(av.logging.PANIC)
    encoder = msgspec.json.Encoder()

    def answer(file: int, request: bytes) -> bytes:
        index = int.from_bytes(request[1:], "big")
        if request[:1] == PICTURE:
            return read_picture(file, index)
        if request[:1] == KEYFRAMES:
            return encoder.encode(scan_keyframes(file, index))
        return encoder.encode(probe(file))

    serve(channel, seconds, answer)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:5]))
