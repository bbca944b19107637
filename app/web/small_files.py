"""Files that are read whole before any of them is sent: pictures and texts, of limited size, judged by their content.

The type is never taken from the name. What is not on the list of a kind is not sent at all, so a file in a library
cannot become a page or a script of ours; for browsers that think otherwise there is a policy that forbids everything.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.errors import NotFound
from app.web.conditions import Outcome, Validators, evaluate
from app.web.disk import OpenFile
from app.web.media_bytes import MediaBytes, PreconditionFailed

HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox; frame-ancestors 'none'"


class NotShown(NotFound):
    """The file is there, and is not what its name promised, or larger than such a thing may be."""

    code = "not_shown"


@dataclass(frozen=True, slots=True)
class Rendered:
    content: bytes
    media_type: str


Render = Callable[[OpenFile], Awaitable[Rendered | None]]


class SmallFileResponse(Response):
    """Opens a file when it is sent, and makes of it what `render` says; None becomes a 404.

    The validators are the opened file's, with `variant` for what was made of it.
    """

    def __init__(
        self, media: MediaBytes, opener: Callable[[], int], render: Render, what: str, variant: str = ""
    ) -> None:
        super().__init__()
        self._media = media
        self._opener = opener
        self._render = render
        self._what = what
        self._variant = variant
        self._kept: tuple[int, int, str] | None = None

    def keep_while(self, size: int, mtime_ns: int, cache_control: str) -> None:
        """Let clients keep it so, if the file is still of this size and time when it is opened."""
        self._kept = (size, mtime_ns, cache_control)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._media.open(self._opener) as file:
            of_file = Validators.of(file.status, self._media.now())
            validators = Validators(f'{of_file.etag[:-1]}{self._variant}"', of_file.last_modified)
            headers = {**validators.headers(), "Cache-Control": self._cache_control(file)}
            match evaluate(Headers(scope=scope), validators):
                case Outcome.PRECONDITION_FAILED:
                    raise PreconditionFailed("the file is not in the state that was asked for any more")
                case Outcome.NOT_MODIFIED:
                    answer = Response(status_code=304, headers=headers)
                case Outcome.SEND:
                    answer = await self._made(file, headers)
        await answer(scope, receive, send)

    def _cache_control(self, file: OpenFile) -> str:
        if self._kept is not None and (file.status.st_size, file.status.st_mtime_ns) == self._kept[:2]:
            return self._kept[2]
        return "private, no-cache"

    async def _made(self, file: OpenFile, headers: dict[str, str]) -> Response:
        rendered = await self._render(file)
        if rendered is None:
            raise NotShown("picture or text to show in", self._what)
        headers["Content-Security-Policy"] = HARMLESS
        # A name of the header's own keeps the framework from adding a character set of its choice.
        headers["Content-Type"] = rendered.media_type
        return Response(rendered.content, headers=headers)


async def read_whole(file: OpenFile, limit: int) -> bytes | None:
    """Return the file's bytes; None when there are more than may be."""
    if file.size > limit:
        return None
    content = bytearray()
    while len(content) <= limit and (piece := await file.read(limit + 1 - len(content), len(content))):
        content += piece
    return bytes(content) if len(content) <= limit else None
