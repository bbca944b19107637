"""What a file is called to the outside: its type by extension, from a list, and a safe name.

By extension because sniffing a hostile file is how a film becomes a script. What is not on the list is bytes; HTML,
SVG and XML are left off on purpose: served inline from our origin they would run in it (CVE-2024-43801).
"""

import re
from urllib.parse import quote

BYTES = "application/octet-stream"

TYPES = {
    "3gp": "video/3gpp",
    "asf": "video/x-ms-asf",
    "avi": "video/x-msvideo",
    "divx": "video/x-msvideo",
    "flv": "video/x-flv",
    "iso": "application/x-iso9660-image",
    "m2ts": "video/mp2t",
    "m4v": "video/mp4",
    "mk3d": "video/x-matroska",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpe": "video/mpeg",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "mts": "video/mp2t",
    "ogm": "video/ogg",
    "ogv": "video/ogg",
    "ts": "video/mp2t",
    "vob": "video/mpeg",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
    "aac": "audio/aac",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "ape": "audio/x-ape",
    "dsf": "audio/x-dsf",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "mka": "audio/x-matroska",
    "mp3": "audio/mpeg",
    "mpc": "audio/x-musepack",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "wma": "audio/x-ms-wma",
    "wv": "audio/x-wavpack",
}

_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\%]')


def media_type(name: str) -> str:
    _, dot, extension = name.rpartition(".")
    return TYPES.get(extension.lower(), BYTES) if dot else BYTES


def inline_disposition(name: str) -> str:
    """Say what the file would be called if kept: plain for old clients, and exactly (RFC 6266, RFC 8187).

    Bytes of a name that are no text in any encoding we know become a replacement sign; a name can break no header.
    """
    name = name.encode("utf-8", "replace").decode()
    plain = _UNSAFE.sub("_", name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'inline; filename="{plain}"{exact}'
