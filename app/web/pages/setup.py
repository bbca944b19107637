"""The page behind the link that a first start prints."""

from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import Response

router = APIRouter(include_in_schema=False)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


def _page(name: str, media_type: str) -> Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return Response((files(__package__) / name).read_bytes(), media_type=media_type, headers=headers)


@router.get("/setup")
async def setup_page() -> Response:
    return _page("setup.html", "text/html")


@router.get("/setup.js")
async def setup_script() -> Response:
    return _page("setup.js", "text/javascript")


@router.get("/setup.css")
async def setup_style() -> Response:
    return _page("setup.css", "text/css")
