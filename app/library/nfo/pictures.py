"""Pictures that an NFO names: addresses only. Whoever fetches them decides whether it may."""

from collections.abc import Iterator

from app.library.nfo.record import NfoImage
from app.library.nfo.tree import Element
from app.library.nfo.values import MAX_LIST, http_url, number

_ROLES = {
    "": "poster",
    "poster": "poster",
    "keyart": "poster",
    "cover": "poster",
    "thumb": "poster",  # an artist's or album's main picture
    "fanart": "backdrop",
    "background": "backdrop",
    "landscape": "thumb",
    "clearlogo": "logo",
    "logo": "logo",
    "clearart": "clearart",
    "banner": "banner",
    "discart": "disc",
    "cdart": "disc",
}


def images_of(root: Element) -> tuple[NfoImage, ...]:
    found: dict[tuple[str, str, int | None], NfoImage] = {}
    for image in _named(root):
        found.setdefault((image.role, image.url, image.season), image)
    return tuple(found.values())[:MAX_LIST]


def _named(root: Element) -> Iterator[NfoImage]:
    is_episode = root.tag == "episodedetails"
    for thumb in root.all("thumb"):
        url = http_url(thumb.text)
        role = "thumb" if is_episode else _ROLES.get(thumb.attributes.get("aspect", "").strip().lower())
        if url is not None and role is not None:
            season = number(thumb.attributes.get("season"))
            # Kodi writes -1 for a picture of all seasons together, which is the series'.
            is_seasons = thumb.attributes.get("type") == "season" and season is not None and season >= 0
            yield NfoImage(role=role, url=url, season=season if is_seasons else None)
    for fanart in root.all("fanart"):
        base = fanart.attributes.get("url", "")
        for thumb in fanart.all("thumb"):
            if (url := http_url(base + thumb.text.strip())) is not None:
                yield NfoImage(role="backdrop", url=url)
