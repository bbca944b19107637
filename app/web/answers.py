"""JSON as it leaves the house: encoded from the very structs that the OpenAPI document is made of.

msgspec writes times of UTC as RFC 3339 with `Z`, integers and stored JSON with every digit.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from app.web.conditions import entity_tag, is_unchanged

JSON = "application/json"
PROBLEM = "application/problem+json"

_encoder = msgspec.json.Encoder()


class JsonResponse(Response):
    """Any msgspec struct, or plain values, as JSON."""

    media_type = JSON

    def __init__(self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status_code, headers)

    def render(self, content: Any) -> bytes:
        return _encoder.encode(content)


def encoded(content: Any) -> bytes:
    """Return what `JsonResponse` would send."""
    return _encoder.encode(content)


def tagged(content: Any, if_none_match: str | None = None, *, etag: str | None = None) -> Response:
    """Answer with something that two may edit: its ETag is what `If-Match` takes, and spares whoever has it already."""
    body = encoded(content)
    headers = {"ETag": etag or entity_tag(body), "Cache-Control": "private, no-cache", "Vary": "Accept-Language"}
    if is_unchanged(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, JSON)


def documented(struct: type | None, status: int = 200, *, description: str = "Done") -> dict[int | str, dict[str, Any]]:
    """Describe a route's answers for the OpenAPI document: one success, and a problem for everything else."""
    success: dict[str, Any] = {"description": description}
    if struct is not None:
        success["content"] = {JSON: {"schema": reference(struct)}}
    problem = {"$ref": "#/components/schemas/Problem"}
    return {status: success, "default": {"description": "A problem", "content": {PROBLEM: {"schema": problem}}}}


def conditional(struct: type) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of a route that shows something with an ETag."""
    return {**documented(struct), 304: {"description": "Unchanged"}}


def reference(struct: type) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{struct.__name__}"}
