"""What release names tell beside the title: edition, resolution, source, group."""

import re
from dataclasses import dataclass

from app.library.naming import patterns as p

_GROUP = re.compile(r"-([A-Za-z0-9]{2,20})(?:\[[^\[\]]{1,20}\])?$")
_MAY_BE_3D = re.compile("3d|sbs|ou|tab")


@dataclass(slots=True)
class Release:
    edition: str | None = None
    resolution: str | None = None
    source: str | None = None
    group: str | None = None
    version: str = ""


def read_release(rest: str, edition: str | None = None, group: str | None = None) -> Release:
    """Read what comes after the title."""
    if not rest and edition is None and group is None:
        return Release()
    resolution = resolution_of(rest)
    source = p.SOURCE.search(rest)
    ending = _GROUP.search(rest) if group is None else None
    return Release(
        edition=edition,
        resolution=resolution,
        source=source[1] if source is not None else None,
        group=group or (ending[1] if ending is not None else None),
        version=" ".join(filter(None, [edition, *_picture(rest, resolution), source and source[1]])),
    )


def resolution_of(rest: str) -> str | None:
    found = p.RESOLUTION.search(rest)
    if found is None:
        return None
    return f"{found[1]}p" if found[1] else "2160p" if found[2] else "4320p"


def _picture(rest: str, resolution: str | None) -> list[str | None]:
    low = rest.lower()
    hdr = p.HDR.search(rest) if "h" in low or "d" in low else None
    told = hdr[1].upper().replace("PLUS", "+").replace("DOVI", "DV").replace("DOLBY VISION", "DV") if hdr else None
    return ["3D" if _MAY_BE_3D.search(low) and p.THREE_D.search(rest) else None, resolution, told]
