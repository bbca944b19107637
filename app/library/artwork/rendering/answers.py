"""What a renderer answers. Apart from the decoding, which no other process of ours may load."""

import msgspec


class Made(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A rendition, or why there is none."""

    content: bytes = b""
    media_type: str = ""
    width: int = 0
    height: int = 0
    problem: str | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What a picture is, or why that cannot be said."""

    width: int = 0
    height: int = 0
    """As it is shown: turned."""
    placeholder: str = ""
    """BlurHash."""
    color: str = ""
    """The one there is most of: `#rrggbb`."""
    problem: str | None = None
