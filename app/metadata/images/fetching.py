"""One picture from elsewhere → the store, and what it is. Every way in which that can fail has a meaning of its own.

Gone, refused, too large, no picture: noted on its row, and not asked for again. Asked to wait: the job waits. Nothing
whole came back: the job is tried again.
"""

from datetime import timedelta
from uuid import UUID

from app.clock import Clock
from app.errors import Unavailable
from app.library.artwork.headers import HEAD_BYTES, picture_of
from app.library.artwork.pictures import PictureReader
from app.library.artwork.store import ImageStore
from app.library.errors import OutsideRoot
from app.library.repository.images import LookRow
from app.library.threads import in_thread
from app.metadata.outbound import AddressRefused, Answer, AnswerTooLarge, Outbound, OutboundFailed
from app.metadata.retry_after import retry_after

MAX_BYTES = 24 * 2**20
"""Of a picture. The largest posters of sources have ten million; what is larger is not served either."""

TIMEOUT = timedelta(seconds=60)
"""For one picture, redirects included."""

UNSAID_WAIT = timedelta(minutes=5)

_OK = 200
_GONE = frozenset({400, 401, 403, 404, 405, 410, 451})
_WAIT = frozenset({429, 503})


class Wait(Exception):
    """The server asks us to come back later."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"asked to wait for {wait.total_seconds():.0f} s")
        self.wait = wait


class StoreUnavailable(Unavailable):
    """What was fetched cannot be kept."""

    code = "store_unavailable"


class ImageFetcher:
    def __init__(self, outbound: Outbound, store: ImageStore, reader: PictureReader, clock: Clock) -> None:
        self._outbound = outbound
        self._store = store
        self._reader = reader
        self._clock = clock

    async def fetch(self, image_id: UUID, url: str) -> LookRow:
        """Fetch it, look at it, keep it.

        Raises:
            Wait: not now.
            OutboundFailed: nothing whole came back.
            StoreUnavailable: the disk does not take it.
        """
        try:
            answer = await self._outbound.get(url, headers={"Accept": "image/*"}, max_bytes=MAX_BYTES, timeout=TIMEOUT)
        except (AddressRefused, AnswerTooLarge) as err:
            return LookRow(id=image_id, problem=str(err))
        problem = self._judged(answer)
        if problem is not None:
            return LookRow(id=image_id, problem=problem)
        # By its bytes: what a server calls it proves nothing.
        if picture_of(answer.body[:HEAD_BYTES]) is None:
            return LookRow(id=image_id, problem="it is no JPEG, PNG, WebP, GIF or AVIF of a possible size")
        seen = await self._reader.see(answer.body)
        if seen.problem is not None:
            return LookRow(id=image_id, problem=seen.problem)
        try:
            digest = await in_thread(lambda: self._store.put(answer.body))
        except (OSError, OutsideRoot) as err:
            raise StoreUnavailable(f"the store does not take a picture: {err}") from err
        return LookRow(
            id=image_id,
            width=seen.width,
            height=seen.height,
            placeholder=seen.placeholder,
            color=seen.color,
            digest=digest,
            size=len(answer.body),
        )

    def _judged(self, answer: Answer) -> str | None:
        """Return what is wrong for good with an answer."""
        if answer.status == _OK:
            return None
        if answer.status in _WAIT:
            raise Wait(retry_after(answer.headers, self._clock.now()) or UNSAID_WAIT)
        if answer.status in _GONE:
            return f"its server answered {answer.status}"
        raise OutboundFailed("the picture's server", f"it answered {answer.status}")
