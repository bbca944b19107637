"""HDR10's static metadata as FFmpeg lays it out on a frame."""

from struct import Struct
from typing import Any

from av.sidedata.sidedata import Type

_MASTERING = Struct("=20i2i")
"""Ten rationals (three primaries and the white point by x and y, darkest and brightest), then which of them count."""
_LEVELS = Struct("=II")

FLAGS = {
    Type.DYNAMIC_HDR_PLUS: "hdr10plus",
    Type.DOVI_METADATA: "dv_rpu_present",
    Type.DOVI_RPU_BUFFER: "dv_rpu_present",
}

_NAMES = (
    "red_x", "red_y", "green_x", "green_y", "blue_x", "blue_y", "white_x", "white_y", "min_luminance", "max_luminance",
)  # fmt: skip


def light_of(frame: Any) -> dict[str, float | str]:
    """Return mastering display (CIE 1931 coordinates, cd/m²) and content light levels, as far as the frame has them.

    And whether it carries what changes from scene to scene: `hdr10plus`, `dv_rpu_present`.
    """
    found: dict[str, float | str] = {}
    for data in frame.side_data:
        content = bytes(data)
        if data.type == Type.MASTERING_DISPLAY_METADATA and len(content) >= _MASTERING.size:
            found.update(_mastering(content))
        elif data.type == Type.CONTENT_LIGHT_LEVEL and len(content) >= _LEVELS.size:
            brightest, average = _LEVELS.unpack_from(content)
            found.update(max_content_light=float(brightest), max_frame_average_light=float(average))
        elif data.type in FLAGS:
            found[FLAGS[data.type]] = 1
    return found


def _mastering(content: bytes) -> dict[str, float | str]:
    *parts, has_primaries, has_luminance = _MASTERING.unpack_from(content)
    values = [round(top / bottom, 6) if bottom else 0.0 for top, bottom in zip(parts[::2], parts[1::2], strict=True)]
    names = dict(zip(_NAMES, values, strict=True))
    return {
        name: value for name, value in names.items() if (has_luminance if name.endswith("luminance") else has_primaries)
    }
